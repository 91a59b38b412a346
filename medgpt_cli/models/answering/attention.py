"""Attention over a store, under a name of its own in transformers' registry.

It is there for as long as requests are asked; chat and training keep their own.  This module knows nothing of which
slot means what.

Shapes: H query heads, G key-value heads, S new tokens a row, D head size.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AttentionInterface

from medgpt_cli.models.answering.store import Pass
from medgpt_cli.models.attention.sinks import attend

NAME = "answering_slots"
"""Our attention in transformers' registry; without a mask function beside it, transformers builds no masks."""


def attend_to_slots(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float,
    answering: Pass,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    s_aux: torch.Tensor | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attention over a store, as transformers calls it.

    Args:
        module: The attention layer, for its number.
        query: (rows, H, S, D).
        key: (rows, G, S, D).
        value: (rows, G, S, D).
        attention_mask: Always None; the pass knows who sees what.
        scaling: What the products of query and key are multiplied by.
        answering: The pass.
        dropout: Not read; nothing is dropped in evaluation.
        sliding_window: W, or None for full attention.
        s_aux: gpt-oss's sinks (H), or None.
        kwargs: What other attentions need.

    Returns:
        (rows, S, H, D), and no weights.
    """
    keys, values = answering.write(module.layer_idx, key, value)
    out = [
        attend(query[:, :, t], keys[:, :, s], values[:, :, s], s_aux, scale=scaling, bias=bias)
        for t, s, bias in answering.views(sliding_window)
    ]
    whole = out[0] if len(out) == 1 else torch.cat(out, dim=2)
    return whole.transpose(1, 2).contiguous(), None


@contextmanager
def attending_to_slots(language_model: Any) -> Iterator[None]:
    """Lets a language model attend this way for a while."""
    AttentionInterface.register(NAME, attend_to_slots)
    config = language_model.config
    before = config._attn_implementation
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = before
