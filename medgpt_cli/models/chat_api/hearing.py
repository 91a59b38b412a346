"""A reply as it is heard: OpenAI's chunks in, pieces of the answer out, and the whole of it as a `Reply`.

Of a model with channels the answer alone is passed on, in whichever of three ways its server writes: special tokens
spelt out, the reasoning in a field of its own, or the two run together, which is refused.  This module knows nothing
of sockets.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from medgpt_cli.core.errors import InputError
from medgpt_cli.core.types import Reply
from medgpt_cli.models.channels import Parted
from medgpt_cli.models.chat_api.messages import parted

_MARK = "<|channel|>"
_RUN_TOGETHER = re.compile(
    r"(?:assistant)?(?:(?:analysis|commentary)(?=[^\s.,;:!?'’-])|final(?=[^a-z\s.,;:!?'’-]))"
)
_LONGEST = len("assistantcommentary")


class Hearing:
    """What is heard of a reply, piece by piece; true from a call stops the engine.

    Args:
        harmony: Whether the model has channels.
        on_text: Told each new piece of the answer.
        stop: Asked after each piece.
        raw: Whether the engine was told to spell special tokens out; a reply without them is then no answer.
    """

    def __init__(
        self,
        harmony: bool,
        on_text: Callable[[str], None] | None,
        stop: Callable[[], bool] | None,
        *,
        raw: bool = True,
    ) -> None:
        self._harmony = harmony
        self._raw_only = raw
        self._on_text = on_text
        self._stop = stop
        self._began = time.perf_counter()
        self._first = 0.0
        self._raw, self._apart, self._told, self._pieces = "", "", "", 0
        self._finish = ""
        self._usage: Mapping[str, int] = {}
        self.error: Mapping[str, Any] | None = None

    def __call__(self, event: Mapping[str, Any]) -> bool:
        """One chunk, or an error."""
        if "error" in event:
            self.error = event["error"]
            return True
        self._usage = event.get("usage") or self._usage
        for choice in event.get("choices", ()):
            self._finish = choice.get("finish_reason") or self._finish
            delta = choice.get("delta") or {}
            reasoning = delta.get("reasoning_content") or delta.get("reasoning") or ""
            if reasoning or delta.get("content"):
                self._hear(delta.get("content") or "", reasoning)
        return self.unwanted()

    def unwanted(self) -> bool:
        """Whether nobody wants the rest."""
        return bool(self._stop and self._stop())

    @property
    def ended(self) -> bool:
        """Whether the engine said why the reply ends here."""
        return bool(self._finish)

    def reply(self) -> Reply:
        """The whole of it.

        Raises:
            InputError: Answer and reasoning cannot be told apart.
        """
        texts = self._parted(whole=True)
        if texts is None:
            raise InputError(
                "the engine writes a reply's channels without their marks: answer and reasoning cannot be told apart",
                repair="start vLLM with --reasoning-parser openai_gptoss, llama.cpp's server with --jinja",
            )
        self._tell(texts.text)
        seconds = time.perf_counter() - self._began
        return Reply(
            text=texts.text,
            thinking=texts.thinking,
            finished=self._finish == "stop",
            prompt_tokens=self._usage.get("prompt_tokens", 0),
            tokens=self._usage.get("completion_tokens", self._pieces),
            seconds=seconds,
            first_token_seconds=self._first or seconds,
        )

    def _hear(self, piece: str, reasoning: str) -> None:
        self._first = self._first or time.perf_counter() - self._began
        self._raw, self._apart = self._raw + piece, self._apart + reasoning
        self._pieces += 1
        texts = self._parted(whole=False)
        if texts is not None:
            self._tell(texts.text)

    def _tell(self, text: str) -> None:
        if self._on_text and text.startswith(self._told) and len(text) > len(self._told):
            self._on_text(text[len(self._told) :])
            self._told = text

    def _parted(self, *, whole: bool) -> Parted | None:
        """Answer and reasoning so far; None where they run together, or may yet turn out to."""
        if not self._harmony:
            return Parted(self._raw, self._apart)
        if self._raw_only or _MARK in self._raw:
            texts = parted(self._raw, harmony=True)
            return Parted(texts.text, self._apart + texts.thinking)
        if self._apart or not self._raw:
            return Parted(self._raw, self._apart)
        early = not whole and len(self._raw) <= _LONGEST
        return None if early or _RUN_TOGETHER.match(self._raw) else Parted(self._raw, "")
