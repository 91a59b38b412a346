"""Attention over what is kept of a dialogue, under a name of its own in transformers' registry.

One token at a time needs no mask and no kernel for many: two products and a softmax.  This module knows nothing of
turns; it is handed keys and values.

Shapes: H query heads, G key-value heads (G divides H), S new tokens, T keys, D head size.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AttentionInterface

from medgpt_cli.models.attention.sinks import attend
from medgpt_cli.models.talking import experts
from medgpt_cli.models.talking.kept import Kept

NAME = "talking_kept"
"""Our attention in transformers' registry; without a mask function beside it, transformers builds no masks."""


def attend_to_kept(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float,
    talking: Kept,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    s_aux: torch.Tensor | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of one dialogue's new tokens, as transformers calls it.

    Args:
        module: The attention layer, for its number.
        query: (1, H, S, D).
        key: (1, G, S, D).
        value: (1, G, S, D).
        attention_mask: Always None; what is kept says who sees what.
        scaling: What the products of query and key are multiplied by.
        talking: The dialogue.
        dropout: Not read; nothing is dropped in evaluation.
        sliding_window: Not read; the layer's kind says it.
        s_aux: gpt-oss's sinks (H), or None.
        kwargs: What other attentions need.

    Returns:
        (1, S, H, D), and no weights.
    """
    keys, values, first, window = talking.write(module.layer_idx, key[0], value[0])
    if query.shape[2] == 1:
        return _of_one(query[0, :, 0], keys, values, s_aux, scaling)[None, None], None
    if window not in talking.views:
        talking.views[window] = _bias(talking.end, query.shape[2], first, keys.shape[1], window, query)
    bias = talking.views[window]
    out = attend(query, keys[None], values[None], s_aux, scale=scaling, bias=bias)
    return out.transpose(1, 2).contiguous(), None


def _of_one(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    sinks: torch.Tensor | None,
    scale: float,
) -> torch.Tensor:
    """Attention of one token, (H, D), to all of (G, T, D)."""
    groups = query.view(keys.shape[0], -1, query.shape[-1])
    scores = (groups * scale) @ keys.transpose(1, 2)
    if sinks is not None:
        scores = torch.cat([scores, sinks.to(scores.dtype).view(*scores.shape[:2], 1)], dim=-1)
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(values.dtype)
    return (weights[..., : keys.shape[1]] @ values).reshape(query.shape)


def _bias(
    start: int, tokens: int, first: int, slots: int, window: int | None, like: torch.Tensor
) -> torch.Tensor:
    """(1, 1, S, T): 0 where a token sees a slot, -inf where not."""
    asks = torch.arange(start, start + tokens, device=like.device)[:, None]
    at = torch.arange(first, first + slots, device=like.device)
    seen = at <= asks
    if window is not None:
        seen &= asks - at < window
    return like.new_zeros(tokens, slots).masked_fill_(~seen, float("-inf"))[None, None]


@contextmanager
def attending_to_kept(language_model: Any) -> Iterator[None]:
    """Lets a language model attend this way for a while, and read single tokens with `experts.of_few`."""
    AttentionInterface.register(NAME, attend_to_kept)
    config = language_model.config
    before = config._attn_implementation
    config._attn_implementation = NAME
    try:
        with experts.of_few(config):
            yield
    finally:
        config._attn_implementation = before
