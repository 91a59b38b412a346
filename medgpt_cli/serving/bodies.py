"""The bytes of a request, under limits of size, time, and memory of all requests together.

This module knows nothing of what they mean.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from medgpt_cli.serving.faults import Fault, Gone
from medgpt_cli.serving.limits import Limits


class Bodies:
    """Reads bodies and knows how much is held of them.

    Args:
        limits: Of one, and of all together.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.held = 0

    @asynccontextmanager
    async def read(self, request: Request, media_type: str) -> AsyncIterator[bytearray]:
        """The whole body; it counts as held until the block is left, cleared or not.

        Args:
            request: Of which nothing was read yet.
            media_type: What it must be; a form of another site cannot send every type.

        Raises:
            Fault: 408, 411, 413, 415 or 503.
            Gone: The client hung up.
        """
        sent_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if sent_type != media_type:
            raise Fault(415, "wrong_media_type", f"send Content-Type: {media_type}")
        promised = request.headers.get("content-length", "")
        if promised.isdigit() and int(promised) > self._limits.body_bytes:
            raise self._too_large()
        held = 0
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                async for piece in request.stream():
                    if len(body) + len(piece) > self._limits.body_bytes:
                        raise self._too_large()
                    if self.held + len(piece) > self._limits.held_bytes:
                        raise Fault(503, "memory", "too much is being held; ask again", retry_after=5)
                    held += len(piece)
                    self.held += len(piece)
                    body += piece
            yield body
        except TimeoutError:
            raise Fault(
                408, "slow_body", f"the request did not arrive in {self._limits.body_seconds:g} seconds"
            ) from None
        except ClientDisconnect:
            raise Gone from None
        finally:
            self.held -= held

    def _too_large(self) -> Fault:
        most = self._limits.body_bytes // 2**20
        return Fault(413, "too_large", f"a request may have {most} MiB, pictures included")
