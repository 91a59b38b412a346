"""MXFP4 as ggml lays it out: blocks of 32 numbers, a scale byte first, number j beside number j + 16.

Experts that are packed already keep every code and scale; others are rounded as `core.microscaling` says.  This
module knows nothing of models.
"""

from __future__ import annotations

import torch

from medgpt_cli.core.microscaling import BLOCK, codes, exponents, scales, values


def quantised(rows: torch.Tensor) -> tuple[torch.Tensor, float, float]:
    """Numbers rounded to MXFP4.

    Args:
        rows: [..., columns], columns a multiple of 32.

    Returns:
        Bytes [..., columns / 32 * 17] as ggml has them; the sum of squares of what rounding changed, and that of the
        numbers themselves.
    """
    blocks = rows.float().contiguous().reshape(*rows.shape[:-1], -1, BLOCK)
    exponent = exponents(blocks.abs().amax(-1, keepdim=True))
    scale = scales(exponent)
    scaled = blocks / scale
    back = values(scaled) * scale
    lost, all_ = float((back - blocks).double().square().sum()), float(blocks.double().square().sum())
    return _packed(codes(scaled), exponent.to(torch.uint8)), lost, all_


def repacked(blocks: torch.Tensor, exponent: torch.Tensor) -> torch.Tensor:
    """The same codes and scales in ggml's order; nothing is rounded.

    Args:
        blocks: [..., columns / 32, 16], number 2i in the low half of byte i and 2i + 1 in the high half.
        exponent: [..., columns / 32], with a bias of 127.
    """
    found = torch.stack((blocks & 15, blocks >> 4), -1).flatten(-2)
    return _packed(found, exponent.unsqueeze(-1))


def _packed(found: torch.Tensor, exponent: torch.Tensor) -> torch.Tensor:
    half = BLOCK // 2
    bytes_ = found[..., :half] | (found[..., half:] << 4)
    return torch.cat((exponent, bytes_), -1).flatten(-2)
