"""Who may come in: the token, and browsers that were sent here by another site.

A page on the open web can make a browser call 127.0.0.1, by a form, or by a name of its own that suddenly means
loopback.  So without a token the `Host` must be this machine's, and an `Origin` must always be our own page.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from medgpt_cli.serving.faults import Fault

OPEN = ("/", "/health")
"""Answered without a token, and so is everything under `/page/` but what is posted there."""


class Doors:
    """Checks each request before anything of it is read.

    Args:
        token: What clients must show; None where the server is reached from this machine alone.
        is_here: Whether a host's name or number is this machine.
    """

    def __init__(self, token: str | None, is_here: Callable[[str], bool]) -> None:
        self._token = _digest(token.encode()) if token else None
        self._is_here = is_here

    def check(self, method: str, path: str, headers: Headers) -> None:
        """Lets a request pass.

        Raises:
            Fault: 401 or 403.
        """
        host = headers.get("host", "")
        if self._token is None and not self._is_here(_name(host)):
            raise Fault(
                403,
                "foreign_host",
                "this server answers to localhost alone; another name needs a token",
            )
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            raise Fault(403, "foreign_origin", "pages of other sites may not use this server")
        if self._token is None or (method in ("GET", "HEAD") and _is_open(path)):
            return
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        given = _digest(shown.strip().encode("latin-1"))
        if not hmac.compare_digest(given, self._token) or scheme.lower() != "bearer":
            raise Fault(
                401, "invalid_api_key", "the token is missing or wrong; send Authorization: Bearer TOKEN"
            )


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith("/page/")


def _digest(secret: bytes) -> bytes:
    """Of equal length whatever was sent, so that comparing tells nothing of the token's."""
    return hashlib.sha256(secret).digest()


def _name(host: str) -> str:
    """The name in a `Host` header, without its port; a name of nobody where it is not one."""
    try:
        return urlsplit(f"//{host}").hostname or "-"
    except ValueError:
        return "-"
