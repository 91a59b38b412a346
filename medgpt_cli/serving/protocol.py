"""uvicorn's HTTP/1.1 with two clocks more: for a head that never ends, and for an answer that nobody reads.

uvicorn itself waits for both for ever, and a few hundred such connections would be all it takes.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from medgpt_cli.serving.limits import Limits


def timed(limits: Limits) -> type[H11Protocol]:
    """The protocol class with these limits."""

    class Timed(H11Protocol):
        """One connection."""

        _head: asyncio.TimerHandle | None = None
        _stuck: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._head = self.loop.call_later(limits.head_seconds, transport.close)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            idle = self.cycle is None or self.cycle.response_complete
            if not idle:
                self._head = _cancelled(self._head)
            elif self._head is None:
                self._head = self.loop.call_later(limits.head_seconds, self.transport.close)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._stuck = self.loop.call_later(limits.stuck_seconds, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._stuck = _cancelled(self._stuck)

        def connection_lost(self, exc: Exception | None) -> None:
            self._head, self._stuck = _cancelled(self._head), _cancelled(self._stuck)
            super().connection_lost(exc)

    return Timed


def _cancelled(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    if timer is not None:
        timer.cancel()
    return None
