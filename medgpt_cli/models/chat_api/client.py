"""A model behind an OpenAI-compatible server on this machine: what chat and server receive as their `Generate`.

Each question is a stream of its own, ended as soon as nobody wants it, so several may be asked at once, from several
threads.  Nothing is read from the environment (no proxy), and no redirect is followed.  This module is handed what
makes a dialogue harmless and what opens pictures.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import msgspec

from medgpt_cli.core.errors import EngineAway, InputError, MedGPTError, UsageError
from medgpt_cli.core.types import Reply, Turn
from medgpt_cli.models.chat_api.address import Address
from medgpt_cli.models.chat_api.hearing import Hearing
from medgpt_cli.models.chat_api.messages import messages_of
from medgpt_cli.models.chat_api.transport import AGAIN, KEY, connection, failures_told, shortened

T = TypeVar("T")
SILENCE = 600.0
"""Seconds without a word after which an engine is given up; pictures and long dialogues take time to read."""

LOOKING = 0.1
"""Seconds between two looks at whether anybody still wants the answer."""

_OVERFLOW = re.compile(r"context|max_model_len|maximum.{0,20}length|too long|exceed", re.IGNORECASE)


class _Unwanted(Exception):
    """Nobody wants the rest of the answer."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a model is spoken to, as its own folder tells it.

    Attributes:
        neutral: Makes look-alikes of special tokens harmless.
        urls_of: A picture's reference to the data URLs of what the tower is shown.
        harmony: Whether replies have channels.
        raw: Whether the engine spells special tokens out when it is told to.
        max_new_tokens: Limit of a reply when the caller names none.
    """

    neutral: Callable[[str], str]
    urls_of: Callable[[str], Sequence[str]]
    harmony: bool
    raw: bool
    max_new_tokens: int


class ChatApi:
    """A model behind a server; see `core.types.Generate`.

    Args:
        address: Where the server listens.
        dialect: How the model is spoken to.
        model: Its name there.
        key: What the server asks to be shown; none when empty.
        positions: Of prompt and reply together, where the server tells.
    """

    def __init__(
        self,
        address: Address,
        dialect: Dialect,
        *,
        model: str,
        key: str = "",
        positions: int | None = None,
    ) -> None:
        self._address, self._dialect = address, dialect
        self._model, self._key, self._positions = model, key, positions
        self._opening = threading.Lock()
        self._cut = threading.Event()

    def cut(self) -> None:
        """Ends questions that are being answered, and lets no other begin."""
        self._cut.set()

    def __call__(
        self,
        turns: Sequence[Turn],
        images: Sequence[str],
        *,
        max_new_tokens: int | None = None,
        on_text: Callable[[str], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Reply:
        """Answers the dialogue.

        Raises:
            UsageError: Prompt and reply exceed what is held.
            EngineAway: The server does not answer, or stopped in the middle.
            InputError: It refuses the question.
        """
        dialect, limit = self._dialect, max_new_tokens or self._dialect.max_new_tokens
        with self._opening:  # one picture at a time is decoded, however many questions are open
            messages = messages_of(turns, images, neutral=dialect.neutral, urls_of=dialect.urls_of)
        asked = {
            "model": self._model,
            "messages": messages,
            "max_tokens": limit,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
            "skip_special_tokens": False,
            "spaces_between_special_tokens": False,
        }
        hearing = Hearing(dialect.harmony, on_text, stop, raw=dialect.raw)
        asyncio.run(self._ask(msgspec.json.encode(asked), hearing, limit))
        return hearing.reply()

    async def _ask(self, body: bytes, hearing: Hearing, limit: int) -> None:
        with failures_told(self._address), contextlib.suppress(_Unwanted):
            async with connection(self._address, self._key) as http:
                request = http.build_request("POST", "chat/completions", content=body)
                response = await self._wanted(http.send(request, stream=True))
                try:
                    if response.status_code == 200:
                        await self._hear(response, hearing, limit)
                    else:
                        error = await self._wanted(shortened(response))
                        raise self._refusal(response.status_code, error, limit)
                finally:
                    await response.aclose()

    async def _hear(self, response: httpx.Response, hearing: Hearing, limit: int) -> None:
        lines = response.aiter_lines()

        async def following() -> str | None:
            return await anext(lines, None)

        while (line := await self._wanted(following(), hearing.unwanted)) is not None:
            data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
            if not data or data == "[DONE]":
                if line.startswith(":") and hearing.unwanted():  # a sign of life, and nothing else
                    return
            elif hearing(msgspec.json.decode(data)):
                if hearing.error is None:
                    return
                status = hearing.error.get("code")
                raise self._refusal(status if isinstance(status, int) else 500, hearing.error, limit)
        if not hearing.ended:
            raise EngineAway("the engine stopped in the middle of its answer", repair=AGAIN)

    async def _wanted(
        self, coming: Coroutine[Any, Any, T], unwanted: Callable[[], bool] = lambda: False
    ) -> T:
        """What is awaited.

        Raises:
            EngineAway: It takes too long, or all questions are cut short.
            _Unwanted: Nobody waits for it any more.
        """
        task = asyncio.ensure_future(coming)
        clock = asyncio.get_running_loop().time
        until = clock() + SILENCE
        try:
            while not self._cut.is_set() and clock() < until:
                if (await asyncio.wait({task}, timeout=LOOKING))[0]:
                    return task.result()
                if unwanted():
                    raise _Unwanted
            raise EngineAway("the engine gives no answer", repair=AGAIN)
        finally:
            task.cancel()

    def _refusal(self, status: int, error: Mapping[str, Any], limit: int) -> MedGPTError:
        """Its own words may hold the question, so they are read and not repeated."""
        if status in (400, 413, 422) and _OVERFLOW.search(f"{error.get('type')} {error.get('message')}"):
            held = f"; the engine holds {self._positions:,} tokens" if self._positions else ""
            return UsageError(
                f"the dialogue and an answer of up to {limit:,} tokens are too long{held}",
                repair="shorten the message, /clear the history, or lower --max-new-tokens",
            )
        if status in (401, 403):
            return InputError("the engine refuses the key, or wants one", repair=KEY)
        if status >= 500 or status in (408, 429):
            return EngineAway(f"the engine could not answer (HTTP {status})", repair=AGAIN)
        return InputError(
            f"the engine refuses the question (HTTP {status})", repair="its own log may say why"
        )
