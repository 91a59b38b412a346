"""Where an engine listens: an address on this machine, or a socket file.

This module opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.offline import is_loopback

EXAMPLE = "http://127.0.0.1:8080/v1"


@dataclass(frozen=True, slots=True)
class Address:
    """An OpenAI-compatible server on this machine.

    Attributes:
        url: Base of its addresses, without a slash at its end.
        socket: The socket file it listens on; None where `url` says it all.
        shown: What a person is told.
    """

    url: str
    socket: Path | None
    shown: str


def at_socket(path: Path, name: str) -> Address:
    """A server on a socket file.

    Args:
        path: The file.
        name: What a person is told.
    """
    return Address("http://localhost/v1", path, name)


def is_address(text: str) -> bool:
    """Whether an engine is named by its address."""
    return text.partition("://")[0].lower() in ("http", "https")


def read_address(text: str) -> Address:
    """Takes an engine's address apart.

    Args:
        text: As the person typed it.

    Raises:
        UsageError: It is none, or not on this machine.  What could be a password in it is not repeated.
    """
    try:
        parts = urlsplit(text.strip())
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise _bad("is not an address") from None
    if parts.scheme != "http" or "@" in parts.netloc or parts.query or parts.fragment:
        raise _bad("is not an address of an engine")
    if not host or not is_loopback(host):
        raise _bad("is not on this machine, and dialogues with pictures do not leave it")
    path = parts.path.rstrip("/") or "/v1"
    shown = f"http://[{host}]" if ":" in host else f"http://{host}"
    shown += f":{port}" if port is not None else ""
    return Address(shown + path, None, shown + path)


def _bad(what: str) -> UsageError:
    return UsageError(f"--engine {what}", repair=f"write it as in {EXAMPLE}")
