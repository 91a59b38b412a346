"""A line of work before one thread or a few: a model answers so many questions at a time, and the line has an end.

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
    """The workers and those who wait for them.

    Args:
        name: Of the threads.
        waiting: Pieces of work that may wait while others are done.
        at_once: Pieces that are done at a time.
    """

    def __init__(self, name: str, waiting: int, at_once: int = 1) -> None:
        self._worker = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self._at_once = at_once
        self._places = waiting + at_once
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
                seconds = min(
                    LONGEST_WAIT, max(1, math.ceil(self._usual_seconds * self._inside / self._at_once))
                )
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
