"""The reference for closed documents: the pair of full S x S masks, through transformers' own eager attention."""

from __future__ import annotations

import torch


def pair_of_masks(lengths: list[int], window: int) -> dict[str, torch.Tensor]:
    """What each layer kind of gpt-oss may see, (1, 1, S, S), 0 or -inf."""
    numbers = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    position = torch.arange(len(numbers))
    behind = position[:, None] - position[None, :]
    seen = (behind >= 0) & (numbers[:, None] == numbers[None, :])
    return {
        "full_attention": _bias(seen),
        "sliding_attention": _bias(seen & (behind < window)),
    }


def _bias(seen: torch.Tensor) -> torch.Tensor:
    return torch.zeros(seen.shape).masked_fill_(~seen, float("-inf"))[None, None]


def bounds_of(lengths: list[int]) -> torch.Tensor:
    """`cu_seq_lens_q`: where documents begin, and the end."""
    return torch.tensor([0, *torch.tensor(lengths).cumsum(0).tolist()], dtype=torch.int32)


def restarted(lengths: list[int]) -> torch.Tensor:
    """Positions that begin anew with each document, (1, S)."""
    return torch.cat([torch.arange(length) for length in lengths])[None]
