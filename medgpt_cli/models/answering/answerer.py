"""A loaded model that answers many requests: what the evaluation receives as its `AnswerMany`.

Requests are encoded a window at a time, sorted by the memory they need, planned so that each common beginning is read
once, and asked in rows as many as fit.  In float32 every reply is, token for token, that of transformers' own
`generate`; in bfloat16 sums are rounded differently, and a reply may differ where two tokens are as good as equally
likely.  A language model that cannot be read this way is asked one question after the other.  This module knows
nothing of files or dialogue formats: it is handed what encodes dialogues and opens pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any

import torch

from medgpt_cli.core import console
from medgpt_cli.core.errors import OutOfResources
from medgpt_cli.core.types import Reply, Request
from medgpt_cli.models.answering import probe, stock
from medgpt_cli.models.answering.asked import Answered, Asked, Encode, encode_request
from medgpt_cli.models.answering.attention import attending_to_slots
from medgpt_cli.models.answering.features import Features, Pixels
from medgpt_cli.models.answering.memory import ran_out
from medgpt_cli.models.answering.reader import Reader
from medgpt_cli.models.answering.run import Run
from medgpt_cli.models.answering.store import Shape
from medgpt_cli.models.answering.tree import plan
from medgpt_cli.models.channels import Channels

BATCH_TOKENS = 16_384
"""Slots of a batch where memory does not say otherwise; halved whenever it does."""

BATCH_ROWS = 64
"""Dialogues in a batch at most: beyond, a pass gains nothing by one more."""

WINDOW = 1024
"""Requests encoded and planned at a time, so that a long task takes no more memory than a short one."""

TOO_LONG = "TOO_LONG"
"""The error of a request whose prompt and reply do not fit into the model."""

HARMLESS = {"bos_token_id", "eos_token_id", "pad_token_id", "max_length", "max_new_tokens", "do_sample"}
HARMLESS |= {"temperature", "top_k", "top_p", "use_cache", "transformers_version", "_from_model_config"}
"""What may stand in a generation configuration without changing which token is the likeliest."""


class Answerer:
    """Answers requests greedily; a request that fails gets a reply with its error.

    Args:
        model: A LLaVA model in evaluation mode.
        tokenizer: Its tokenizer.
        encode: Makes token ids of dialogues.
        pixels: References of pictures to (N, 3, H, W).
        max_new_tokens: Limit of a reply when the request names none.
        context: Positions the model can hold, prompt and reply together.
        batch_tokens: Slots of a batch at most, padding included.
        batch_rows: Dialogues in a batch at most.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        encode: Encode,
        pixels: Pixels,
        *,
        max_new_tokens: int,
        context: int,
        batch_tokens: int = BATCH_TOKENS,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        self._model = model
        self._channels = Channels(tokenizer)
        self._encode = encode
        self._pixels = pixels
        self._max_new_tokens = max_new_tokens
        self._context = context
        self._batch_tokens = batch_tokens
        self._batch_rows = batch_rows
        ends = model.generation_config.eos_token_id
        self._ends = frozenset(ends if isinstance(ends, list) else [ends])
        self.features = Features(model, pixels)
        self.reader = Reader(model)

    def __call__(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        """Answers every request; see `core.types.AnswerMany`."""
        for start in range(0, len(requests), WINDOW):
            asked = [
                encode_request(number, requests[number], self._encode, self._max_new_tokens)
                for number in range(start, min(start + WINDOW, len(requests)))
            ]
            able = []
            for each in asked:
                if each.longest > self._context:
                    on_reply(each.number, self._reply(Answered(each, finished=False, error=TOO_LONG)))
                else:
                    able.append(each)
            self._answer(able, lambda answered: on_reply(answered.asked.number, self._reply(answered)))

    @cached_property
    def _through_a_store(self) -> bool:
        settings = set(self._model.generation_config.to_diff_dict()) - HARMLESS
        if not settings and probe.agrees(self._model):
            return True
        reason = f"its generation settings name {min(settings)}" if settings else "its attention differs"
        console.say(f"questions are asked one by one: {reason}")
        return False

    @torch.inference_mode()
    def _answer(self, requests: list[Asked], done: Callable[[Answered], None]) -> None:
        if not self._through_a_store:
            for asked in requests:
                done(stock.answer(self._model, asked, self._pixels, self._ends))
            return
        with attending_to_slots(self._model.model.language_model):
            for together in _of_one_size(requests):
                self._run(together, done)

    def _run(self, requests: list[Asked], done: Callable[[Answered], None]) -> None:
        """Asks requests of about one size, with half the rows each time memory runs out."""
        left = {asked.number: asked for asked in requests}

        def tell(answered: Answered) -> None:
            del left[answered.asked.number]
            done(answered)

        run = Run(
            self.reader,
            self.features,
            Shape.of(self._model.model.language_model.config),
            image_id=self._model.config.image_token_id,
            ends=self._ends,
            done=tell,
        )
        while left:
            planned = plan(list(left.values()), self._model.config.image_token_id)
            slots = max(asked.slots for asked in left.values())
            rows = max(1, min(self._batch_tokens // slots, self._batch_rows, len(left)))
            try:
                run(planned, rows)
            except (RuntimeError, MemoryError) as error:
                if not ran_out(error):
                    raise
                if rows == 1:
                    largest = max(left.values(), key=lambda asked: asked.slots)
                    tell(Answered(largest, finished=False, error=OutOfResources.code))
                else:
                    self._batch_tokens = rows * slots // 2
            if left and torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _reply(self, answered: Answered) -> Reply:
        parted = self._channels.part(answered.tokens)
        return Reply(
            text=parted.text,
            thinking=parted.thinking,
            finished=answered.finished,
            prompt_tokens=len(answered.asked.prompt),
            tokens=len(answered.tokens),
            seconds=answered.seconds,
            first_token_seconds=answered.first_token_seconds,
            error=answered.error,
            likelihoods=answered.likelihoods,
        )


def _of_one_size(requests: list[Asked]) -> Iterator[list[Asked]]:
    """Requests whose slots differ by less than a factor of two, the largest first: if memory fails, then at once."""

    def size(asked: Asked) -> int:
        return -asked.slots.bit_length()

    for _, together in groupby(sorted(requests, key=size), key=size):
        yield list(together)
