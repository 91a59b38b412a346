"""One question after the other by transformers' own `generate` and `forward`: slow, plain, and what ours must equal.

This module knows nothing of dialogues or files; it is handed token ids and what opens pictures.
"""

from __future__ import annotations

import time
from typing import Any

import torch

from medgpt_cli.core.errors import MedGPTError, OutOfResources
from medgpt_cli.models.answering.asked import Answered, Asked
from medgpt_cli.models.answering.features import Pixels
from medgpt_cli.models.answering.memory import ran_out


def answer(model: Any, asked: Asked, pixels: Pixels, ends: frozenset[int]) -> Answered:
    """Answers one request.

    Args:
        model: A LLaVA model in evaluation mode.
        asked: The request.
        pixels: References of pictures to (N, 3, H, W).
        ends: Tokens that end a reply.
    """
    began = time.perf_counter()
    try:
        shown = pixels(asked.images) if asked.images else None
        tokens = write(model, asked.prompt.tolist(), shown, asked.limit) if asked.limit else []
        weighed = tuple(
            weigh(model, choice.ids.tolist(), choice.start, shown) for choice in asked.choices
        )
    except MedGPTError as error:
        return Answered(asked, finished=False, error=error.code)
    except (RuntimeError, MemoryError) as error:
        if not ran_out(error):
            raise
        return Answered(asked, finished=False, error=OutOfResources.code)
    finished = not asked.limit or tokens[-1] in ends
    return Answered(asked, tokens, weighed, finished, seconds=time.perf_counter() - began)


@torch.inference_mode()
def write(model: Any, prompt: list[int], pixels: torch.Tensor | None, limit: int) -> list[int]:
    """The tokens a model goes on with, greedily; the stop token included.

    Args:
        model: A LLaVA model in evaluation mode.
        prompt: S token ids.
        pixels: (N, 3, H, W), or None without pictures.
        limit: Tokens at most.
    """
    ids = torch.tensor([prompt], device=model.device)
    output = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        **_shown(model, pixels),
        do_sample=False,
        max_new_tokens=limit,
    )
    written: list[int] = output[0, len(prompt) :].tolist()
    return written


@torch.inference_mode()
def weigh(model: Any, ids: list[int], start: int, pixels: torch.Tensor | None) -> float:
    """The sum of the log-probabilities of the tokens from `start` on, in nats.

    Args:
        model: A LLaVA model in evaluation mode.
        ids: S token ids, prompt and text.
        start: Where the text begins.
        pixels: (N, 3, H, W), or None without pictures.
    """
    row = torch.tensor([ids], device=model.device)
    if start == len(ids):
        return 0.0
    logits = model(
        input_ids=row,
        attention_mask=torch.ones_like(row),
        **_shown(model, pixels),
        logits_to_keep=len(ids) - start + 1,
    ).logits[0, :-1]
    scores = logits.float().log_softmax(-1)
    return float(scores.gather(-1, row[0, start:, None]).sum())


def _shown(model: Any, pixels: torch.Tensor | None) -> dict[str, torch.Tensor]:
    return {} if pixels is None else {"pixel_values": pixels.to(model.device, model.dtype)}
