"""Attention over closed documents, under a name of its own in transformers' registry.

Several documents stand one behind the other in a row; none sees another.  transformers passes what packing knows
(`cu_seq_lens_q`, the same word its flash kernels read) through the LLaVA wrapper to every layer; full layers go
document by document, sliding layers in blocks.  Without it every row is one document, padded on the right.  Only for
training and for a first pass over a prompt: keys are those of the queries, so there is no cache.

Restarting `position_ids` is not enough for gpt-oss, whose forward builds its masks without them, and one 4-D mask
would override the sliding window; so no mask is built at all.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from medgpt_cli.core.documents import OURS
from medgpt_cli.models.attention.sinks import attend
from medgpt_cli.models.attention.sliding import attend_in_blocks, window_bias
from medgpt_cli.models.attention.ulysses import to_heads, to_tokens


def closed_documents(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    s_aux: torch.Tensor | None = None,
    cu_seq_lens_q: torch.Tensor | None = None,
    row_group: Any = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Causal attention within each document, as transformers calls it.

    Args:
        module: The attention layer; not read.
        query: (B, H, S, D).
        key: (B, G, S, D).
        value: (B, G, S, D).
        attention_mask: Always None; see `no_mask`.
        scaling: What the products of query and key are multiplied by.
        dropout: Must be 0.
        sliding_window: W, or None for full attention.
        s_aux: gpt-oss's sinks (H), or None.
        cu_seq_lens_q: Where documents begin, and the end: (documents + 1), B = 1; None for one document a row.
        row_group: The ranks that share the row, each of which then holds S / N tokens of it; the bounds stay those of
            the whole row.
        kwargs: What other attentions need.

    Returns:
        (B, S, H, D), and no weights.
    """
    if dropout:
        raise ValueError("attention dropout is not supported over closed documents")
    if query.shape[2] != key.shape[2]:
        raise ValueError("closed documents attend to themselves; a cache needs another attention")
    # Under autocast the rotary tables, in single precision, have lifted queries and keys out of the projections' dtype.
    query, key = query.to(value.dtype), key.to(value.dtype)
    if row_group is not None:
        query, key, value, s_aux = to_heads(query, key, value, s_aux, row_group)
    tokens = query.shape[2]
    bounds = None if cu_seq_lens_q is None else cu_seq_lens_q.tolist()
    if bounds is not None and (query.shape[0] != 1 or bounds[0] != 0 or bounds[-1] != tokens):
        raise ValueError("document bounds must begin at 0 and end at the end of the only row")
    if sliding_window is not None and tokens > sliding_window:
        numbers = None if cu_seq_lens_q is None else document_numbers(cu_seq_lens_q)
        bias = window_bias(tokens, sliding_window, numbers, like=query)
        out = attend_in_blocks(query, key, value, s_aux, scale=scaling, bias=bias)
    elif bounds is None or len(bounds) == 2:
        out = attend(query, key, value, s_aux, scale=scaling)
    else:
        out = torch.cat(
            [
                attend(
                    query[:, :, start:end],
                    key[:, :, start:end],
                    value[:, :, start:end],
                    s_aux,
                    scale=scaling,
                )
                for start, end in pairwise(bounds)
            ],
            dim=2,
        )
    if row_group is not None:
        out = to_tokens(out, row_group)
    return out.transpose(1, 2).contiguous(), None


def document_numbers(bounds: torch.Tensor) -> torch.Tensor:
    """The number of each token's document, (S), from the bounds (documents + 1)."""
    lengths = bounds.diff().long()
    return torch.repeat_interleave(torch.arange(len(lengths), device=bounds.device), lengths)


def no_mask(*, attention_mask: torch.Tensor | None = None, **kwargs: Any) -> None:
    """In the place of transformers' mask builders: padding may only stand on the right, where causality hides it.

    Raises:
        ValueError: A row begins with padding.
    """
    if attention_mask is not None and not bool(attention_mask[:, 0].all()):
        raise ValueError("rows must be padded on the right for this attention")


def close_documents(model: Any) -> None:
    """Lets the language model of a LLaVA model attend this way; the vision tower keeps its own attention."""
    AttentionInterface.register(OURS, closed_documents)
    AttentionMaskInterface.register(OURS, no_mask)
    model.model.language_model.config._attn_implementation = OURS
