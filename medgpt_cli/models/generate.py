"""Greedy, deterministic decoding: what the evaluator and the chat receive as their `Generate` callable.

Decoding is transformers' own `generate` without sampling, so that a plain Python shell gives the same tokens.
This module knows nothing of files or of dialogue formats: it is handed a function that makes model inputs, and one
that takes a reply apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import StoppingCriteria, StoppingCriteriaList
from transformers.generation.streamers import BaseStreamer

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.types import Reply, Turn
from medgpt_cli.models.channels import Channels

MakeInputs = Callable[[Sequence[Turn], Sequence[str]], dict[str, Any]]


class Generator:
    """A loaded model that answers dialogues.

    Args:
        model: A LLaVA model in evaluation mode.
        tokenizer: Its tokenizer.
        make_inputs: Turns and image paths to `input_ids` (1, S), `attention_mask` (1, S) and, with images,
            `pixel_values` (N, 3, H, W).
        max_new_tokens: Limit of a reply when the caller names none.
        context: Positions the model can hold, prompt and reply together.
    """

    def __init__(
        self, model: Any, tokenizer: Any, make_inputs: MakeInputs, *, max_new_tokens: int, context: int
    ) -> None:
        self._model = model
        self._channels = Channels(tokenizer)
        self._make_inputs = make_inputs
        self._max_new_tokens = max_new_tokens
        self._context = context

    @torch.inference_mode()
    def __call__(
        self,
        turns: Sequence[Turn],
        images: Sequence[str],
        *,
        max_new_tokens: int | None = None,
        on_text: Callable[[str], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Reply:
        """Answers the dialogue; see `core.types.Generate`.

        Raises:
            UsageError: The prompt and the reply's limit exceed the model's context.
        """
        limit = max_new_tokens or self._max_new_tokens
        inputs = self._make_inputs(turns, images)
        length = inputs["input_ids"].shape[1]
        if length + limit > self._context:
            raise UsageError(
                f"the dialogue takes {length:,} tokens and the answer up to {limit:,}; "
                f"the model holds {self._context:,}",
                repair="shorten the message, /clear the history, or lower --max-new-tokens",
            )
        watch = _Watch(self._channels, on_text)
        began = time.perf_counter()
        output = self._model.generate(
            **{name: value.to(self._model.device) for name, value in inputs.items()},
            do_sample=False,
            max_new_tokens=limit,
            streamer=watch,
            stopping_criteria=StoppingCriteriaList([_Asked(stop)] if stop else []),
        )
        ids = output[0, length:].tolist()
        parted = self._channels.part(ids)
        ends = self._model.generation_config.eos_token_id
        return Reply(
            text=parted.text,
            thinking=parted.thinking,
            finished=bool(ids) and ids[-1] in (ends if isinstance(ends, list) else [ends]),
            prompt_tokens=length,
            tokens=len(ids),
            seconds=time.perf_counter() - began,
            first_token_seconds=(watch.first or time.perf_counter()) - began,
        )


class _Asked(StoppingCriteria):
    """Ends the reply when somebody asks, such as Ctrl-C in a chat."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop = stop

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        return torch.full((input_ids.shape[0],), self._stop(), dtype=torch.bool, device=input_ids.device)


class _Watch(BaseStreamer):
    """Notes the first token's time and passes on what is new in the answer."""

    def __init__(self, channels: Channels, on_text: Callable[[str], None] | None) -> None:
        self.first: float | None = None
        self._channels = channels
        self._on_text = on_text
        self._prompt_seen = False
        self._ids: list[int] = []
        self._told = ""

    def put(self, value: torch.Tensor) -> None:
        if not self._prompt_seen:  # generate hands over the prompt first
            self._prompt_seen = True
            return
        if self.first is None:
            self.first = time.perf_counter()
        self._ids.extend(value.flatten().tolist())
        if self._on_text is None:
            return
        text = self._channels.part(self._ids).text
        if text.startswith(self._told) and len(text) > len(self._told):
            self._on_text(text[len(self._told) :])
            self._told = text

    def end(self) -> None:
        """Nothing is held back, so there is nothing to flush."""
