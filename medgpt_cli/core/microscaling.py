"""MXFP4, the four-bit format gpt-oss is published in (OCP Microscaling v1.0): 32 numbers share one power of two.

A number is a sign and one of eight values; a block's scale follows the rule `even`, values go to the nearest, halves
to the even code.  What lies on this lattice already is found again exactly.  This module knows nothing of models or
of how files order the codes.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

BLOCK = 32
"""Numbers that share a scale."""
VALUES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0)
"""What each code stands for."""
AT_ONCE = 1 << 13
"""Blocks rounded at a time."""
_BIAS, _LARGEST, _MOST, _LAST = 127, 2, 6.0, 7
# of the scale's exponent; exponent of 4.0, the largest power of two among the values; the largest value; its code


def exponents(largest: torch.Tensor) -> torch.Tensor:
    """The scale of each block by the rule `even`, as torchao's `ScaleCalculationMode.EVEN` has it.

    Args:
        largest: Of the absolute numbers of each block, in float32.

    Returns:
        Exponents of two with a bias of 127, int32 from 0 to 254.
    """
    import torch

    # Halfway between 6 and 8 (mantissa 1.75) and above, the scale goes up by one: adding a quarter carries over.
    bits = largest.contiguous().view(torch.int32)
    return (((bits + (1 << 21)) >> 23) - _LARGEST).clamp(0, 254)


def scales(exponent: torch.Tensor) -> torch.Tensor:
    """Powers of two in float32.

    Args:
        exponent: With a bias of 127.
    """
    import torch

    return torch.ldexp(torch.ones_like(exponent, dtype=torch.float32), exponent.to(torch.int32) - _BIAS)


def codes(scaled: torch.Tensor) -> torch.Tensor:
    """The code of each number, uint8: the sign in the fourth bit.

    Args:
        scaled: Numbers divided by their scales, float32.
    """
    import torch

    steps, rounded = _rounded(scaled.abs())
    # Codes count the steps from zero: two for each unit below 2, one below 4, then one for two.
    found = rounded.add_(torch.where(steps == 2, 0.0, torch.where(steps == 1, 2.0, 4.0))).clamp_(
        max=_LAST
    )
    return found.to(torch.uint8).bitwise_or_((scaled < 0).to(torch.uint8).mul_(8))


def values(scaled: torch.Tensor) -> torch.Tensor:
    """The value of the format nearest to each number.

    Args:
        scaled: Numbers divided by their scales, float32.
    """
    steps, rounded = _rounded(scaled.abs())
    return rounded.div_(steps).clamp_(max=_MOST).copysign_(scaled)


def packed(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers as gpt-oss's files hold them.

    Args:
        rows: [..., columns], columns a multiple of 32.

    Returns:
        Blocks [..., columns / 32, 16] of bytes, number 2i in the low half of byte i and 2i + 1 in the high half; and
        scales [..., columns / 32], exponents with a bias of 127.

    Raises:
        ValueError: The columns are not a multiple of 32, or a number is not finite.
    """
    import torch

    *before, columns = rows.shape
    if columns % BLOCK:
        raise ValueError(f"{columns} columns are not a multiple of {BLOCK}")
    flat = rows.reshape(-1, BLOCK)
    blocks = torch.empty(len(flat), BLOCK // 2, dtype=torch.uint8)
    exponent = torch.empty(len(flat), dtype=torch.uint8)
    for start in range(0, len(flat), AT_ONCE):  # what lies between stays in the processor's cache
        part = flat[start : start + AT_ONCE].float()
        largest = part.abs().amax(-1, keepdim=True)
        if not bool(torch.isfinite(largest).all()):
            raise ValueError("a number is not finite")
        chosen = exponents(largest)
        found = codes(part / scales(chosen))
        blocks[start : start + AT_ONCE] = found[:, ::2] | (found[:, 1::2] << 4)
        exponent[start : start + AT_ONCE] = chosen.flatten().to(torch.uint8)
    shape = (*before, columns // BLOCK)
    return blocks.reshape(*shape, BLOCK // 2), exponent.reshape(shape)


def unpacked(blocks: torch.Tensor, exponent: torch.Tensor) -> torch.Tensor:
    """The numbers that bytes stand for, exactly, as bfloat16, on the device they lie on.

    Args:
        blocks: As `packed` returns them.
        exponent: Beside them.

    Returns:
        [..., columns].
    """
    import torch

    pairs = _pairs(blocks.device)[blocks.int()].view(torch.bfloat16)
    return pairs.mul_(scales(exponent).to(torch.bfloat16).unsqueeze(-1)).flatten(-2)


def on_lattice(weight: torch.Tensor) -> torch.Tensor:
    """Expert weights as the format holds them, in their own number format.

    Args:
        weight: [..., inputs, outputs], as transformers keeps experts; 32 neighbours among the inputs share a scale.

    Raises:
        ValueError: The inputs are not a multiple of 32.
    """
    import torch

    inputs, outputs = weight.shape[-2:]
    if inputs % BLOCK:
        raise ValueError(f"{inputs} inputs are not a multiple of {BLOCK}")
    blocks = weight.reshape(-1, BLOCK, outputs)
    made = torch.empty_like(blocks)
    several = max(1, AT_ONCE // outputs)
    for start in range(0, len(blocks), several):
        part = blocks[start : start + several].float()
        scale = scales(exponents(part.abs().amax(-2, keepdim=True)))
        made[start : start + several] = values(part / scale).mul_(scale)
    return made.reshape(weight.shape)


def _rounded(size: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Steps to a unit where each number lies, and the number in such steps, halves to even."""
    import torch

    steps = torch.where(size < 2, 2.0, torch.where(size < 4, 1.0, 0.5))
    return steps, (size * steps).round_()


@cache
def _pairs(device: torch.device) -> torch.Tensor:
    """The two numbers that each byte stands for, side by side in the bits of one integer."""
    import torch

    found = [(VALUES[byte & 15], VALUES[byte >> 4]) for byte in range(256)]
    return torch.tensor(found, dtype=torch.bfloat16, device=device).view(torch.int32).flatten()
