"""What every request passes: the door, the headers of a careful server, the count, and the last net under bugs."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from medgpt_cli.core import failures
from medgpt_cli.serving.doors import Doors
from medgpt_cli.serving.faults import BROKEN, Fault, Gone
from medgpt_cli.serving.metrics import Metrics

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
LEFT = 499
"""The status under which a client that hung up is counted."""


class Front:
    """The application around the application.

    Args:
        inside: Answers.
        doors: Who may come in.
        metrics: Counts.
    """

    def __init__(self, inside: ASGIApp, doors: Doors, metrics: Metrics) -> None:
        self._inside = inside
        self._doors = doors
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        status = LEFT

        async def say(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._doors.check(scope["method"], scope["path"], Headers(scope=scope))
            await self._inside(scope, receive, say)
        except Fault as fault:
            await fault.response()(scope, receive, say)
        except Gone:
            pass
        except Exception as error:
            failures.write_log(error, "serve")
            if status == LEFT:
                await BROKEN.response()(scope, receive, say)
        finally:
            self._metrics.asked(scope["path"], status)
