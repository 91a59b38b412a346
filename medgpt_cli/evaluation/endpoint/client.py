"""Asks an OpenAI-compatible chat endpoint (vLLM, llama.cpp, …): many questions, a bounded number at once.

Decoding is greedy.  A question that fails gets a reply that names the fault, and the others are asked all the same.
When the endpoint as a whole is gone the asking ends with an error: an outage is no score.  This module knows nothing
of tasks, scores or files, and opens no picture itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import msgspec

from medgpt_cli.core.errors import MedGPTError
from medgpt_cli.core.types import MAX_NEW_TOKENS, Reply, Request
from medgpt_cli.evaluation.endpoint import messages, served
from medgpt_cli.evaluation.endpoint.address import read_address
from medgpt_cli.evaluation.endpoint.attempts import Attempts, Unsendable
from medgpt_cli.evaluation.endpoint.faults import Failed, Fault
from medgpt_cli.evaluation.endpoint.health import Health
from medgpt_cli.evaluation.endpoint.likelihoods import are_letters
from medgpt_cli.evaluation.endpoint.limits import Limits
from medgpt_cli.evaluation.endpoint.pictures import DataUrls
from medgpt_cli.evaluation.endpoint.transport import Transport

NO_LIKELIHOODS = "ENDPOINT_NO_LIKELIHOODS"
"""The error of a question whose likelihoods alone were wanted, and that the endpoint does not tell."""

OnReply = Callable[[int, Reply], None]


class Endpoint:
    """A model behind an OpenAI-compatible endpoint; implements `core.types.AnswerMany`.

    Args:
        url: The base address, such as `http://127.0.0.1:8000/v1`.
        model: Its name there; None for the only one the endpoint lists.
        picture: A path to the bytes of a PNG; called by one thread at a time.
        pictures: What it makes of a picture, in words; a part of `identity`.
        key: The API key, or an empty string.  It is kept from every message, log and manifest.
        max_new_tokens: Limit of an answer where a request names none.
        concurrency: Questions that are under way at once.
        limits: Bounds of waiting and of size.

    Attributes:
        address: Where it is.
        model: The name that is asked; settled by `connect`.
        listed: Whether the endpoint listed that name.

    Raises:
        UsageError: `url` is no address of an endpoint.
    """

    def __init__(
        self,
        url: str,
        model: str | None,
        picture: Callable[[str], bytes],
        *,
        pictures: str = "PNG",
        key: str = "",
        max_new_tokens: int = MAX_NEW_TOKENS,
        concurrency: int = 8,
        limits: Limits | None = None,
    ) -> None:
        self.address = read_address(url)
        self.model = model or ""
        self.listed = False
        self._facts: dict[str, Any] = {}
        self._pictures = pictures
        self._urls = DataUrls(picture)
        self._key = key
        self._max_new_tokens = max_new_tokens
        self._concurrency = concurrency
        self._limits = limits or Limits()
        self._health = Health(self.address.origin, self._limits.failures)

    def connect(self) -> None:
        """Asks the endpoint what it serves, and settles which model is asked.

        A server that does not tell is taken at the person's word: `listed` stays False.

        Raises:
            Missing: Nothing answers there.
            InputError: The key is refused, or the model is not there.
            UsageError: No model was named, and the endpoint does not list exactly one.
        """
        asyncio.run(self._connect())

    async def _connect(self) -> None:
        async with Transport(self.address, self._key, self._limits, 1) as transport:
            try:
                models = served.read_list(await transport.exchange("/models"))
            except Failed as failed:
                if failed.fault in (Fault.UNREACHABLE, Fault.BUSY) or not self.model:
                    raise self._health.over(failed) from None
                return
            except MedGPTError as error:
                if error.code != "NOT_FOUND" or not self.model:
                    raise
                return
        chosen = served.choose(self.model or None, models, self.address.origin)
        self.model, self.listed, self._facts = chosen.id, True, chosen.facts()

    @property
    def identity(self) -> dict[str, Any]:
        """What stands in a manifest: who was asked, where what was asked went, and how."""
        return {
            "endpoint": self.address.url,
            "on_this_machine": self.address.on_this_machine,
            "encrypted": self.address.encrypted,
            "model": self.model,
            "listed": self.listed,
            **self._facts,
            "pictures": self._pictures,
            "temperature": 0,
            "seed": messages.SEED,
            "max_new_tokens": self._max_new_tokens,
        }

    @property
    def hash(self) -> str:
        """SHA-256 of `identity`: names what was asked, and proves nothing of the weights behind it."""
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()

    def __call__(self, requests: Sequence[Request], on_reply: OnReply) -> None:
        """Asks all; see `core.types.AnswerMany`.  Questions about the same pictures follow each other.

        A request for likelihoods alone is answered for option letters; a chat endpoint tells none of longer texts.

        Raises:
            Missing: The endpoint went away, or answers nothing of use.
            OutOfResources: It has too much to do.
            InputError: It refuses the key or every question, or changed its model.
        """
        if requests:
            asyncio.run(self._ask_all(requests, on_reply))

    async def _ask_all(self, requests: Sequence[Request], on_reply: OnReply) -> None:
        waiting = iter(sorted(range(len(requests)), key=lambda number: requests[number].images))
        connections = min(self._concurrency, len(requests))
        transport = Transport(self.address, self._key, self._limits, connections)
        with ThreadPoolExecutor(1) as painter:
            async with transport:
                attempts = Attempts(transport, painter, self._body, self._limits)
                works = [
                    asyncio.create_task(self._work(attempts, requests, waiting, on_reply))
                    for _ in range(connections)
                ]
                try:
                    done, _ = await asyncio.wait(works, return_when=asyncio.FIRST_EXCEPTION)
                    for work in done:
                        work.result()
                    self._health.refuse_untold()
                finally:
                    for work in works:
                        work.cancel()
                    await asyncio.gather(*works, return_exceptions=True)

    async def _work(
        self,
        attempts: Attempts,
        requests: Sequence[Request],
        waiting: Iterator[int],
        on_reply: OnReply,
    ) -> None:
        """One of several that each take the next question as soon as they are free."""
        for number in waiting:
            began = perf_counter()
            try:
                reply, ends = await self._answer(attempts, requests[number]), None
            except Failed as failed:
                reply, ends = Reply("", error=str(failed.fault)), self._health.failed(failed)
            except Unsendable as bad:
                reply, ends = Reply("", error=bad.name), None
            on_reply(number, msgspec.structs.replace(reply, seconds=perf_counter() - began))
            if ends is not None:
                raise ends

    async def _answer(self, attempts: Attempts, request: Request) -> Reply:
        letters = are_letters(request.choices)
        if not request.generate and not letters:
            raise Unsendable(NO_LIKELIHOODS)
        reply, model = await attempts.answer(request)
        self._health.answered(reply, model, weighed=letters)
        if not request.generate and not reply.likelihoods:
            raise Unsendable(NO_LIKELIHOODS)
        return reply

    def _body(self, request: Request, letters: bool) -> bytes:
        return messages.body(
            request,
            model=self.model,
            max_new_tokens=request.max_new_tokens or self._max_new_tokens,
            url_of=self._urls,
            letters=letters,
        )
