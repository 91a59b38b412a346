"""Attention with learned sinks on the flash kernels torch itself brings, forward and backward, without a S x S matrix.

A sink is one more logit in the softmax, with a value of zero: it takes weight and gives nothing (gpt-oss, after arXiv
2309.17453).  With o and l the output and the log-sum-exp of plain attention, attention with sink s is

    out = o · exp(l − L),   L = log(exp(l) + exp(s)),

and since the kernels' backward rebuilds the weights as exp(score − L) from whatever L and out it is given, handing it
these two yields the exact gradients of q, k and v; that of the sink is −Σ exp(s − L) · ⟨grad, out⟩.  So sinks cost one
elementwise pass, and neither the head nor the sequence grows.  This module knows nothing of windows or documents.

Shapes: B rows, H query heads, G key-value heads (G divides H), S queries, T keys, D head size.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

aten = torch.ops.aten


def attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    sinks: torch.Tensor | None,
    *,
    scale: float,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """Softmax attention, causal unless a bias says which keys are seen.

    Args:
        query: (B, H, S, D).
        key: (B, G, T, D); T = S when causal.
        value: (B, G, T, D).
        sinks: One logit a query head (H), or None for plain attention.
        scale: What the products of query and key are multiplied by.
        bias: Added to the scores, (B or 1, 1, S, T), -inf where a key is not seen; causal when None.

    Returns:
        (B, H, S, D).
    """
    if sinks is None:
        return scaled_dot_product_attention(
            query, key, value, attn_mask=bias, is_causal=bias is None, scale=scale, enable_gqa=True
        )
    if query.device.type == "cpu":
        out: torch.Tensor = _Flash.apply(query, key, value, sinks, bias, scale)
        return out
    return attend_with_a_key(query, key, value, sinks, scale=scale, bias=bias)


class _Flash(torch.autograd.Function):
    """The CPU's flash kernel with its log-sum-exp moved by the sinks."""

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        sinks: torch.Tensor,
        bias: torch.Tensor | None,
        scale: float,
    ) -> torch.Tensor:
        plain, lse = aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, 0.0, bias is None, attn_mask=bias, scale=scale
        )
        total = torch.logaddexp(lse, sinks.to(lse.dtype)[None, :, None])
        out: torch.Tensor = plain * torch.exp(lse - total).unsqueeze(-1).to(plain.dtype)
        ctx.save_for_backward(query, key, value, sinks, bias, out, total)
        ctx.scale = scale
        return out

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        query, key, value, sinks, bias, out, total = ctx.saved_tensors
        grad = grads[0].contiguous()
        of_query, of_key, of_value = aten._scaled_dot_product_flash_attention_for_cpu_backward(
            grad, query, key, value, out, total, 0.0, bias is None, attn_mask=bias, scale=ctx.scale
        )
        weight = torch.exp(sinks.to(total.dtype)[None, :, None] - total)
        of_sinks = -(weight * (grad * out).sum(-1, dtype=total.dtype)).sum((0, 2))
        return of_query, of_key, of_value, of_sinks.to(sinks.dtype), None, None


def attend_with_a_key(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    sinks: torch.Tensor,
    *,
    scale: float,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """The same on any device by public means: the sink as one more key, in front, with a value of zero.

    One more head dimension carries its logit (the query's entry is 1, the sink's sink/scale, all other keys' 0), and
    one query in front, thrown away afterwards, keeps the causal kernel's triangle where it belongs.
    """
    group = query.shape[1] // key.shape[1]
    key, value = (states.repeat_interleave(group, dim=1) for states in (key, value))
    causal = bias is None
    query = torch.cat([query, query.new_ones(*query.shape[:-1], 1)], dim=-1)
    if causal:
        query = torch.cat([query.new_zeros(*query.shape[:2], 1, query.shape[-1]), query], dim=2)
    key = torch.cat([key, key.new_zeros(*key.shape[:-1], 1)], dim=-1)
    rows, heads, _, wide = key.shape
    sink = torch.cat([key.new_zeros(heads, wide - 1), (sinks / scale).to(key.dtype)[:, None]], dim=-1)
    key = torch.cat([sink[None, :, None].expand(rows, heads, 1, wide), key], dim=2)
    value = torch.nn.functional.pad(value, (0, 1, 1, 0))
    if bias is not None:
        bias = torch.nn.functional.pad(bias, (1, 0))
    out = scaled_dot_product_attention(query, key, value, attn_mask=bias, is_causal=causal, scale=scale)
    return out[:, :, int(causal) :, :-1]
