"""A line of work before one thread: a model answers one question at a time, and the line has an end.

This module knows nothing of what the work is.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from medgpt_cli.serving.faults import ENDING, Fault

T = TypeVar("T")
LONGEST_WAIT = 60
"""Seconds that are promised at most to who is sent away."""


class Line:
    """One worker and those who wait for it.

    Args:
        name: Of the thread.
        waiting: Pieces of work that may wait while one is done.
    """

    def __init__(self, name: str, waiting: int) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._places = waiting + 1
        self._lock = threading.Lock()
        self._inside = 0
        self._usual_seconds = 1.0
        self.closing = threading.Event()

    @property
    def inside(self) -> int:
        """Pieces of work that wait or are being done."""
        return self._inside

    def enter(self, work: Callable[[], T]) -> Future[T]:
        """Puts work at the end of the line; what it returns or raises is in the future.

        Raises:
            Fault: 429, the line is full; 503, the server is ending.
        """
        with self._lock:
            if self.closing.is_set():
                raise ENDING
            if self._inside >= self._places:
                seconds = min(LONGEST_WAIT, max(1, math.ceil(self._usual_seconds * self._inside)))
                raise Fault(429, "busy", "too many are waiting; ask again later", retry_after=seconds)
            self._inside += 1
            future = self._worker.submit(self._timed, work)
        future.add_done_callback(self._leave)
        return future

    def close(self, *, wait: bool = True) -> None:
        """Lets nobody in and sends away who waits; returns when the work under way has ended, if that is waited for."""
        with self._lock:
            self.closing.set()
        self._worker.shutdown(wait=wait, cancel_futures=True)

    def _timed(self, work: Callable[[], T]) -> T:
        began = time.monotonic()
        try:
            return work()
        finally:
            self._usual_seconds += 0.3 * (time.monotonic() - began - self._usual_seconds)

    def _leave(self, _: Future[T]) -> None:
        with self._lock:
            self._inside -= 1
