"""Offline by default: hub look-ups and telemetry off, and no connection leaves this process.

The hub's own offline switches are only advice (a library may still fetch a URL it finds in a record), so
an audit hook refuses every name look-up and every connection that is not loopback or a local socket.
`--online` lifts it.  An audit hook cannot be removed, so it is installed once and asks a flag.

What it cannot see: connections made inside C++ (distributed training opens its own) and in child
programs, which get the switches through their environment alone.  This module knows nothing of what the
network is wanted for.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from medgpt_cli.core.errors import Missing

TELEMETRY_OFF = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
"""Never switched back on, not even by `--online`."""

HUB_OFF = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_EVALUATE_OFFLINE": "1",
}
"""Taken back by `allow_online`, unless the person had set them before us."""

LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", ""})
"""An empty name stands for this machine."""

_refusing = False
_installed = False
_set_by_us: set[str] = set()


def go_offline() -> None:
    """Closes the network for this process and tells libraries so.  Safe to call again."""
    global _refusing, _installed
    os.environ.update(TELEMETRY_OFF)
    for name, value in HUB_OFF.items():
        if name not in os.environ:
            os.environ[name] = value
            _set_by_us.add(name)
    if not _installed:
        sys.addaudithook(_guard)
        _installed = True
    _refusing = True


def allow_online() -> None:
    """Opens the network for this process; telemetry stays off.

    Call it before a hub library is imported: they read their switches once.
    """
    global _refusing
    _refusing = False
    for name in _set_by_us:
        os.environ.pop(name, None)
    _set_by_us.clear()


def is_offline() -> bool:
    """Whether connections are being refused."""
    return _refusing


def _guard(event: str, args: tuple[Any, ...]) -> None:
    """The audit hook.  It runs for every event of the interpreter, so the first line must be quick."""
    if not event.startswith("socket.") or not _refusing:
        return
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        if args[1] is not None and not _stays_here(args[0].family, args[1]):
            _refuse(args[1])
    elif (
        event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
        and args[0] is not None
        and not is_loopback(args[0])
    ):
        _refuse(args[0])


def _stays_here(family: int, address: Any) -> bool:
    import socket

    if family in (socket.AF_INET, socket.AF_INET6):
        return is_loopback(address[0])
    return family in (socket.AF_UNIX, getattr(socket, "AF_NETLINK", socket.AF_UNIX))


def is_loopback(host: str | bytes) -> bool:
    """Whether a host is this machine, by its name or number alone; nothing is looked up."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name.lower() in LOOPBACK_NAMES:
        return True
    import ipaddress

    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _refuse(address: Any) -> None:
    host = address[0] if isinstance(address, tuple) else address
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    raise Missing(
        f"the network is needed to reach {name}, and medgpt is offline",
        repair="allow it with --online, or name something that is on this machine",
    )
