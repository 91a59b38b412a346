"""One question to an endpoint, sent as often as it takes and its time allows.

What may pass is tried again, later each time and never before the server asks for it.  This module knows nothing of
the other questions, but for what the server told all of us: that it has too much to do, or does not tell likelihoods.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from time import monotonic

from medgpt_cli.core.errors import MedGPTError
from medgpt_cli.core.types import Reply, Request
from medgpt_cli.evaluation.endpoint import completion
from medgpt_cli.evaluation.endpoint.faults import PASSING, Failed, Fault
from medgpt_cli.evaluation.endpoint.likelihoods import are_letters
from medgpt_cli.evaluation.endpoint.limits import Limits
from medgpt_cli.evaluation.endpoint.transport import Transport

REFUSALS = (400, 422)
"""What a server answers to a field it does not know."""


class Unsendable(Exception):
    """A question that this endpoint cannot be asked: its picture does not open, its likelihoods are not told.

    Args:
        name: The stable name of the error.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


class Attempts:
    """Sends questions one at a time, over and over where that can help.

    Args:
        transport: Where they are sent.
        painter: Runs `body`: one thread, so that answers are read while pictures are made.
        body: Makes what is sent of a request and whether likelihoods of letters are asked for.
        limits: Bounds of waiting.
    """

    def __init__(
        self,
        transport: Transport,
        painter: Executor,
        body: Callable[[Request, bool], bytes],
        limits: Limits,
    ) -> None:
        self._transport = transport
        self._painter = painter
        self._body = body
        self._limits = limits
        self._tells_likelihoods = True
        self._quiet_until = 0.0

    async def answer(self, request: Request) -> tuple[Reply, str]:
        """The reply, and the name under which the server says it answered.

        Raises:
            Failed: All attempts failed, or the time was over.
            Unsendable: A picture does not open.
            InputError: No question can be answered there.
        """
        try:
            async with asyncio.timeout(self._limits.question):
                return await self._attempts(request)
        except TimeoutError:
            raise Failed(Fault.TIMEOUT, f"{self._limits.question:g} seconds in all") from None

    async def _attempts(self, request: Request) -> tuple[Reply, str]:
        wanted = letters = self._tells_likelihoods and are_letters(request.choices)
        attempt = 0
        while True:
            body = await self._made(request, letters)
            while (quiet := self._quiet_until - monotonic()) > 0:
                await asyncio.sleep(quiet)
            try:
                answer = completion.read(
                    await self._transport.exchange("/chat/completions", body), request
                )
            except Failed as failed:
                if letters and failed.fault is Fault.REFUSED and failed.status in REFUSALS:
                    letters = False  # perhaps it only does not know the word `logprobs`
                    continue
                attempt += 1
                if failed.fault not in PASSING or attempt >= self._limits.attempts:
                    raise
                await self._wait(failed, attempt)
            else:
                self._tells_likelihoods = self._tells_likelihoods and letters is wanted
                return answer

    async def _wait(self, failed: Failed, attempt: int) -> None:
        wait = max(failed.wait, self._limits.backoff * 2 ** (attempt - 1))
        wait = min(wait, self._limits.longest_wait)
        if failed.fault is Fault.BUSY:  # it is busy with all our questions
            self._quiet_until = max(self._quiet_until, monotonic() + wait)
        await asyncio.sleep(wait)

    async def _made(self, request: Request, letters: bool) -> bytes:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._painter, self._body, request, letters)
        except MedGPTError as error:
            raise Unsendable(error.code) from None
        except Exception as error:  # whatever one picture does, the others are still asked
            raise Unsendable(type(error).__name__) from None
