"""One exchange with an endpoint: bytes out, bytes in, and every way this can end badly by its name.

Connections are our own: nothing is read from the environment (no proxy, no `.netrc`), no redirect is followed, no
compressed answer is taken, and reading stops where an answer is too large.  The key stands in one header and nowhere
else.  This module knows nothing of what is asked.
"""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import ssl
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from medgpt_cli import __version__
from medgpt_cli.core.errors import InputError, NotThere
from medgpt_cli.evaluation.endpoint.address import Address
from medgpt_cli.evaluation.endpoint.faults import Failed, Fault, error_code
from medgpt_cli.evaluation.endpoint.limits import Limits

BUSY = (429, 503, 529)
_ERROR_BODY = 64 * 2**10


class Transport:
    """Connections to one endpoint.

    Args:
        address: Where it is.
        key: What stands in the `Authorization` header; none when empty.
        limits: Bounds of waiting and of size.
        connections: How many at once.
    """

    def __init__(self, address: Address, key: str, limits: Limits, connections: int) -> None:
        self._address = address
        self._limits = limits
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"medgpt/{__version__}",
        }
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._http = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(
                connect=limits.connect, read=limits.read, write=limits.write, pool=None
            ),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            follow_redirects=False,
            trust_env=False,
            # The machine's own store, where a hospital's authority stands, and SSL_CERT_FILE.
            verify=ssl.create_default_context(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def exchange(self, path: str, body: bytes | None = None) -> bytes:
        """Posts a body, or gets without one.

        Args:
            path: What follows the base address.
            body: JSON.

        Returns:
            The body of a good answer.

        Raises:
            Failed: This attempt brought nothing.
            InputError: No attempt can: the key is refused, the address leads elsewhere or nowhere.
        """
        headers = {"Content-Type": "application/json"} if body is not None else {}
        method = "GET" if body is None else "POST"
        try:
            async with self._http.stream(
                method, self._address.url + path, content=body, headers=headers
            ) as response:
                data = await self._read(response)
        except httpx.TimeoutException as error:
            fault = Fault.UNREACHABLE if isinstance(error, httpx.ConnectTimeout) else Fault.TIMEOUT
            raise Failed(fault) from None
        except httpx.ConnectError as error:
            raise self._unconnected(error) from None
        except httpx.RemoteProtocolError as error:
            # "Server disconnected", "peer closed connection without sending complete message body"; else no HTTP.
            broken = "disconnected" in str(error) or "closed" in str(error)
            raise Failed(
                Fault.DROPPED if broken else Fault.GARBAGE, "" if broken else "no HTTP"
            ) from None
        except httpx.NetworkError:
            raise Failed(Fault.DROPPED) from None
        if response.status_code != 200:
            raise self._refusal(response, data)
        return data

    async def _read(self, response: httpx.Response) -> bytes:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Failed(Fault.GARBAGE, "a compressed answer, which was not asked for")
        cap = self._limits.body if response.status_code == 200 else _ERROR_BODY
        data = bytearray()
        async for piece in response.aiter_raw():
            data += piece
            if len(data) > cap:
                if response.status_code != 200:
                    break
                raise Failed(Fault.TOO_LARGE, f"more than {cap:,} bytes")
        return bytes(data)

    def _unconnected(self, error: httpx.ConnectError) -> Exception:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLError):
                return InputError(
                    f"the certificate of {self._address.origin} is not trusted here, or it does not speak TLS",
                    repair="name the file of its authority: SSL_CERT_FILE=ca.pem",
                )
            cause = cause.__cause__ or cause.__context__
        return Failed(Fault.UNREACHABLE)

    def _refusal(self, response: httpx.Response, data: bytes) -> Exception:
        status, origin = response.status_code, self._address.origin
        code = error_code(data)
        detail = f"HTTP {status}" + (f", {code}" if code else "")
        if status in (401, 403):
            return InputError(
                f"{origin} refuses the key, or wants one ({detail})",
                repair="name the environment variable (--endpoint-key) or the file (--token-file) that holds the key",
            )
        if status == 404:
            return NotThere(
                f"{self._address.url} does not have this model, or nothing answers there ({detail})",
                repair="compare the model's name and the path with what the server was started with",
            )
        if 300 <= status < 400:
            return InputError(
                f"{origin} sends its callers elsewhere{_target(response)}, and nothing is sent on ({detail})",
                repair="name the address where it answers itself",
            )
        if status in BUSY:
            return Failed(Fault.BUSY, detail, status=status, wait=_wait(response))
        if status >= 500 or status == 408:
            return Failed(Fault.FAILED, detail, status=status, wait=_wait(response))
        if status == 413:
            return Failed(Fault.REFUSED, f"{detail}: the question is too large for it", status=status)
        return Failed(Fault.REFUSED, detail, status=status)


def _target(response: httpx.Response) -> str:
    """The host of a redirect; what stands behind it could hold a secret."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(response.headers.get("Location", ""))
        if parts.hostname and parts.hostname.isascii():
            return f", to {parts.hostname}"
    return ""


def _wait(response: httpx.Response) -> float:
    """Seconds of `Retry-After`, which is a number or a date; 0 for none that can be read."""
    told = response.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdecimal():
        return float(told[:9])
    with contextlib.suppress(ValueError, TypeError):
        then = email.utils.parsedate_to_datetime(told)
        if then.tzinfo is not None:
            return max(0.0, (then - datetime.datetime.now(datetime.UTC)).total_seconds())
    return 0.0
