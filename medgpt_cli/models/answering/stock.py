"""One question after the other by transformers' own `generate` and `forward`: slow, plain, and what ours must equal.

This module knows nothing of dialogues or files; it is handed token ids and pixels.
"""

from __future__ import annotations

from typing import Any

import torch


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
