"""Where an endpoint is: its address, taken apart and held to what an address of one can be.

This module knows nothing of sockets or of what is allowed while offline.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.offline import is_loopback

EXAMPLE = "http://127.0.0.1:8000/v1"
_CALLS = ("/chat/completions", "/completions", "/models")


@dataclass(frozen=True, slots=True)
class Address:
    """An OpenAI-compatible base address.

    Attributes:
        url: Without a slash at its end; calls are appended to it.
        origin: Scheme, host and port: who hears what is sent.
        host: The host alone.
        encrypted: Whether what is sent travels under TLS.
        on_this_machine: Whether the host is this machine by its name or number.
    """

    url: str
    origin: str
    host: str
    encrypted: bool
    on_this_machine: bool


def read_address(text: str) -> Address:
    """Takes an address apart.

    Args:
        text: As the person typed it.

    Raises:
        UsageError: It is no address of an endpoint.  What could be a password in it is not repeated.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise _bad("is not an address") from None
    if parts.scheme not in ("http", "https"):
        raise _bad("must begin with http:// or https://")
    if "@" in parts.netloc:
        raise _bad("holds a user name or password", "give a key by the name of an environment variable")
    if not parts.hostname or any(letter.isspace() for letter in parts.netloc):
        raise _bad("names no host")
    if parts.query or parts.fragment:
        raise _bad("must end with its path", f"leave out what follows ? or #, as in {EXAMPLE}")
    path = parts.path.rstrip("/")
    call = next((call for call in _CALLS if path.endswith(call)), "")
    if call:
        raise _bad(f"must end before {call}", f"name the base, as in {EXAMPLE}")
    if not path:
        raise _bad("has no path", f"most servers answer under /v1, as in {EXAMPLE}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    return Address(
        url=origin + path,
        origin=origin,
        host=parts.hostname,
        encrypted=parts.scheme == "https",
        on_this_machine=is_loopback(parts.hostname),
    )


def _bad(what: str, repair: str = "") -> UsageError:
    return UsageError(f"--endpoint {what}", repair=repair or f"write it as in {EXAMPLE}")
