"""One question on its way through the model: the worker's thread tells, the server's loop hears.

Whoever leaves stops the model after the token it is at.  This module knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass

from medgpt_cli.core import failures
from medgpt_cli.core.errors import EngineAway, MedGPTError, OutOfResources, UsageError
from medgpt_cli.core.types import Generate, Reply
from medgpt_cli.serving.asked import Asked
from medgpt_cli.serving.faults import AWAY, BROKEN, ENDING, Fault, Gone
from medgpt_cli.serving.inline import Shelf
from medgpt_cli.serving.line import Line
from medgpt_cli.serving.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Begun:
    """The model has read everything: from here on nothing is refused."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The whole answer."""

    reply: Reply


Event = Begun | Wrote | Ended | Fault


@dataclass(frozen=True, slots=True)
class Engine:
    """What answers, and what keeps it in order.

    Attributes:
        generate: The model; its images are names on the shelf.
        shelf: Where it finds them.
        line: Its threads.
        metrics: Told of each answer.
        answer_seconds: Until an answer must be written.
    """

    generate: Generate
    shelf: Shelf
    line: Line
    metrics: Metrics
    answer_seconds: float


class Run:
    """A question that waits, is answered, or is left.

    Args:
        engine: Answers it.
        asked: The question.

    Raises:
        Fault: 429 or 503, there is no place in the line.
    """

    def __init__(self, engine: Engine, asked: Asked) -> None:
        self._engine = engine
        self._asked = asked
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._left = threading.Event()
        self._begun = False
        self._until = 0.0
        self._future = engine.line.enter(self._work)
        self._future.add_done_callback(self._done)

    async def next(self, seconds: float | None = None) -> Event | None:
        """What happens next; None when nothing did for so many seconds."""
        try:
            return await asyncio.wait_for(self._events.get(), seconds)
        except TimeoutError:
            return None

    def leave(self) -> None:
        """Nobody listens any more; safe after the end."""
        self._left.set()
        self._future.cancel()

    def _tell(self, event: Event) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone: the server ended meanwhile
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    def _done(self, future: Future[None]) -> None:
        if future.cancelled():
            self._tell(ENDING)

    def _work(self) -> None:
        """In the worker's thread, whatever happens, something is told and nothing raised."""
        try:
            self._tell(self._answer())
        except Fault as fault:
            self._tell(fault)
        except Gone:
            pass
        except UsageError as error:  # the dialogue and the answer do not fit into the model
            repair = "send fewer messages, or a smaller max_tokens"
            self._tell(
                Fault(400, "context_length_exceeded", f"{error.what}; {repair}", param="messages")
            )
        except EngineAway:
            self._tell(ENDING if self._engine.line.closing.is_set() else AWAY)
        except Exception as error:
            if isinstance(error, OutOfResources) or failures.as_shortage(error):
                self._tell(
                    Fault(503, "memory", "memory ran out; send less, or ask again", retry_after=10)
                )
                return
            if not isinstance(error, MedGPTError):
                failures.write_log(error, "serve")
            self._tell(BROKEN)

    def _answer(self) -> Event:
        if self._left.is_set():
            raise Gone
        self._until = time.monotonic() + self._engine.answer_seconds
        with self._engine.shelf.holding(self._asked.pictures) as names:
            reply = self._engine.generate(
                self._asked.turns,
                names,
                max_new_tokens=self._asked.max_tokens,
                on_text=lambda piece: self._tell(Wrote(piece)),
                stop=self._stop,
            )
        self._engine.metrics.answered(
            prompt_tokens=reply.prompt_tokens,
            tokens=reply.tokens,
            seconds=reply.seconds,
            first_token_seconds=reply.first_token_seconds,
        )
        if not reply.finished and time.monotonic() > self._until:
            seconds = f"{self._engine.answer_seconds:g}"
            return Fault(504, "overtime", f"no answer was written in {seconds} seconds; ask for less")
        if not reply.finished and self._engine.line.closing.is_set():
            return ENDING
        return Ended(reply)

    def _stop(self) -> bool:
        if not self._begun:
            self._begun = True
            self._tell(Begun())
        return (
            self._left.is_set() or self._engine.line.closing.is_set() or time.monotonic() > self._until
        )
