"""A loaded model that answers many requests: what the evaluation receives as its `AnswerMany`.

This module knows nothing of files or dialogue formats: it is handed what encodes dialogues and opens pictures.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from medgpt_cli.core.errors import MedGPTError
from medgpt_cli.core.types import Reply, Request
from medgpt_cli.models.answering import stock
from medgpt_cli.models.answering.asked import TOO_LONG, Asked, Encode, encode_request
from medgpt_cli.models.channels import Channels

BATCH_TOKENS = 16_384
"""Tokens of a batch, padding included, where memory does not say otherwise."""


class Answerer:
    """Answers requests greedily; a request that fails gets a reply with its error.

    Args:
        model: A LLaVA model in evaluation mode.
        tokenizer: Its tokenizer.
        encode: Makes token ids of dialogues.
        pixels: References of pictures to (N, 3, H, W).
        max_new_tokens: Limit of a reply when the request names none.
        context: Positions the model can hold, prompt and reply together.
        batch_tokens: Tokens of a batch at most, padding included.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        encode: Encode,
        pixels: Callable[[Sequence[str]], torch.Tensor],
        *,
        max_new_tokens: int,
        context: int,
        batch_tokens: int = BATCH_TOKENS,
    ) -> None:
        self._model = model
        self._channels = Channels(tokenizer)
        self._encode = encode
        self._pixels = pixels
        self._max_new_tokens = max_new_tokens
        self._context = context
        ends = model.generation_config.eos_token_id
        self._ends = set(ends if isinstance(ends, list) else [ends])

    def __call__(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        """Answers every request; see `core.types.AnswerMany`."""
        for number, request in enumerate(requests):
            asked = encode_request(number, request, self._encode, self._max_new_tokens)
            on_reply(number, self._answer(asked))

    def _answer(self, asked: Asked) -> Reply:
        if asked.longest > self._context:
            return Reply("", finished=False, prompt_tokens=len(asked.prompt), error=TOO_LONG)
        began = time.perf_counter()
        try:
            pixels = self._pixels(asked.images) if asked.images else None
        except MedGPTError as error:
            return Reply("", finished=False, prompt_tokens=len(asked.prompt), error=error.code)
        ids = stock.write(self._model, asked.prompt, pixels, asked.limit) if asked.limit else []
        weighed = tuple(stock.weigh(self._model, row, start, pixels) for row, start in asked.choices)
        parted = self._channels.part(ids)
        return Reply(
            text=parted.text,
            thinking=parted.thinking,
            finished=not asked.limit or (bool(ids) and ids[-1] in self._ends),
            prompt_tokens=len(asked.prompt),
            tokens=len(ids),
            seconds=time.perf_counter() - began,
            likelihoods=weighed,
        )
