"""Attention where several ranks share one row: tokens are exchanged for heads, and back.

Each rank holds a slice of the row and all heads.  Around attention an all-to-all turns that into the whole row and a
slice of the heads (DeepSpeed-Ulysses, arXiv 2309.14509), so that attention itself, its windows, sinks and document
bounds stay what they are on one rank.  This module knows nothing of models or of who shares a row.

Shapes: N ranks, s = S / N tokens of this rank, H query heads, G key-value heads, D head size.
"""

from __future__ import annotations

from math import gcd
from typing import Any

import torch
import torch.distributed as dist


def to_heads(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, sinks: torch.Tensor | None, group: Any
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """The whole row for this rank's heads.

    Args:
        query: (1, H, s, D).
        key: (1, G, s, D).
        value: (1, G, s, D).
        sinks: (H), or None.
        group: The ranks that share the row.

    Returns:
        Queries (1, H/N, S, D), keys and values (1, G'/N, S, D) and sinks (H/N), where G' is G, or a multiple where
        the key-value heads must be repeated for every rank to have its own.

    Raises:
        ValueError: The ranks do not divide the heads, or there are several rows.
    """
    ranks, rows, heads = group.size(), query.shape[0], query.shape[1]
    if rows != 1 or heads % ranks:
        raise ValueError(f"{ranks} ranks cannot share {rows} row(s) of {heads} attention heads")
    times = ranks // gcd(ranks, key.shape[1])
    parts = [
        states.view(ranks, -1, *states.shape[2:])
        for states in (
            query,
            key.repeat_interleave(times, dim=1) if times > 1 else key,
            value.repeat_interleave(times, dim=1) if times > 1 else value,
        )
    ]
    sizes = [part.shape[1] for part in parts]
    exchanged: torch.Tensor = _Exchange.apply(torch.cat(parts, dim=1), group)  # (N, heads, s, D)
    whole = exchanged.transpose(0, 1).flatten(1, 2)[None]
    query, key, value = torch.split(whole, sizes, dim=1)
    if sinks is not None:
        sinks = sinks.view(ranks, -1)[group.rank()]
    return query, key, value, sinks


def to_tokens(out: torch.Tensor, group: Any) -> torch.Tensor:
    """This rank's slice of the row for all heads.

    Args:
        out: (1, H/N, S, D).
        group: The ranks that share the row.

    Returns:
        (1, H, s, D).
    """
    heads, tokens, size = out.shape[1:]
    parts = out.reshape(heads, group.size(), tokens // group.size(), size).transpose(
        0, 1
    )  # (N, H/N, s, D)
    exchanged: torch.Tensor = _Exchange.apply(parts, group)
    return exchanged.flatten(0, 1)[None]


class _Exchange(torch.autograd.Function):
    """Rank i's part j becomes rank j's part i; its own inverse, so also its own gradient."""

    @staticmethod
    def forward(ctx: Any, parts: torch.Tensor, group: Any) -> torch.Tensor:
        ctx.group = group
        return _exchange(parts, group)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:
        return _exchange(grads[0], ctx.group), None


def _exchange(parts: torch.Tensor, group: Any) -> torch.Tensor:
    parts = parts.contiguous()
    taken = torch.empty_like(parts)
    dist.all_to_all_single(taken, parts, group=group)
    return taken
