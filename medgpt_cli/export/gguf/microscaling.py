"""MXFP4 as ggml lays it out: blocks of 32 numbers, a scale byte first, number j beside number j + 16.

Experts that are packed already keep every code and scale; others are rounded to the nearest number of their block,
halves to the even code, under the scale rule `even` of the OCP Microscaling format: what lay on the lattice is found
again exactly.  This module knows nothing of models.
"""

from __future__ import annotations

import torch

BLOCK = 32
"""Numbers that share a scale."""
VALUES = torch.tensor((0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0))
"""What the three bits beside the sign stand for."""
_HALFWAY = torch.tensor((0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0))
# bucketize puts a boundary below; from an odd code a half goes up to the even one, so its boundary is a hair lower.
_BOUNDS = torch.where(
    torch.arange(7) % 2 == 1, torch.nextafter(_HALFWAY, torch.zeros(7)), _HALFWAY
).contiguous()
_BIAS, _LARGEST = (
    127,
    2,
)  # of the scale's exponent; exponent of 4.0, the largest power of two among the values


def quantised(rows: torch.Tensor) -> tuple[torch.Tensor, float, float]:
    """Numbers rounded to MXFP4.

    Args:
        rows: [..., columns], columns a multiple of 32.

    Returns:
        Bytes [..., columns / 32 * 17] as ggml has them; the sum of squares of what rounding changed, and that of the
        numbers themselves.
    """
    blocks = rows.float().contiguous().reshape(*rows.shape[:-1], -1, BLOCK)
    largest = blocks.abs().amax(-1, keepdim=True)
    # Halfway between 6 and 8 (mantissa 1.75) and above, the scale goes up by one: adding a quarter carries over.
    exponent = ((largest.view(torch.int32) + (1 << 21)) >> 23) - _LARGEST
    exponent = exponent.clamp(0, 254)
    scale = torch.ldexp(torch.ones_like(largest), exponent - _BIAS)
    codes = torch.bucketize((blocks / scale).abs(), _BOUNDS)
    back = VALUES[codes] * scale * blocks.sign()
    lost, all_ = float((back - blocks).double().square().sum()), float(blocks.double().square().sum())
    codes = (codes | ((blocks < 0).to(codes.dtype) << 3)).to(torch.uint8)
    return _packed(codes, exponent.to(torch.uint8)), lost, all_


def repacked(blocks: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """The same codes and scales in ggml's order; nothing is rounded.

    Args:
        blocks: [..., columns / 32, 16], number 2i in the low half of byte i and 2i + 1 in the high half.
        scales: [..., columns / 32], exponents with a bias of 127.
    """
    codes = torch.stack((blocks & 15, blocks >> 4), -1).flatten(-2)
    return _packed(codes, scales.unsqueeze(-1))


def _packed(codes: torch.Tensor, exponent: torch.Tensor) -> torch.Tensor:
    half = BLOCK // 2
    bytes_ = codes[..., :half] | (codes[..., half:] << 4)
    return torch.cat((exponent, bytes_), -1).flatten(-2)
