"""lm-evaluation-harness over the language model of the same weights, where it is installed beside this Python."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch
import transformers

from medgpt_cli.core.types import Request


class Harness:
    """Theirs.

    Args:
        model: The model in memory.
        tokenizer: Its tokenizer.
        encoder: Of our prompts, which are asked word for word.
        rows: Questions in a batch.
        limit: Tokens of an answer.
    """

    def __init__(self, model: Any, tokenizer: Any, encoder: Any, rows: int, limit: int) -> None:
        from lm_eval.api.instance import Instance
        from lm_eval.models.huggingface import HFLM

        logging.getLogger("lm_eval").setLevel(logging.ERROR)
        parts = model.model
        with torch.device("meta"):
            text = transformers.GptOssForCausalLM(parts.language_model.config)
        text.model, text.lm_head = parts.language_model, model.lm_head
        text.generation_config = model.generation_config
        self._encoder, self._limit, self._instance = encoder, limit, Instance
        self._lm = HFLM(pretrained=text.eval(), tokenizer=tokenizer, batch_size=rows, max_length=4096)

    def prompts(self, requests: Sequence[Request]) -> list[str]:
        """The text of each prompt; not a part of what is timed."""
        encoder = self._encoder
        return [encoder._rendered(encoder.messages(asked.turns), asking=True) for asked in requests]

    def weigh(self, requests: Sequence[Request], prompts: Sequence[str]) -> list[list[float]]:
        """Log-probabilities of the choices."""
        opening = self._encoder._opening
        asked = [
            self._instance("loglikelihood", {}, (prompt + opening, choice), number)
            for number, (prompt, request) in enumerate(zip(prompts, requests, strict=True))
            for choice in request.choices
        ]
        found = iter(self._lm.loglikelihood(asked, disable_tqdm=True))
        return [[next(found)[0] for _ in request.choices] for request in requests]

    def write(self, prompts: Sequence[str]) -> list[str]:
        """Answers, special tokens left out as the harness does."""
        settings = {"until": ["<|return|>"], "do_sample": False, "max_gen_toks": self._limit}
        asked = [
            self._instance("generate_until", {}, (prompt, dict(settings)), number)
            for number, prompt in enumerate(prompts)
        ]
        return list(self._lm.generate_until(asked, disable_tqdm=True))
