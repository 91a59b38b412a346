"""A checkpoint's tensors as a model has them, where its experts may lie packed as MXFP4.

Blocks and scales become one matrix of bfloat16, which holds every number they can stand for; they themselves can still
be had, byte for byte.  This module knows nothing of what is done with either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch

from medgpt_cli.core.microscaling import packed, unpacked

BLOCKS, SCALES = "_blocks", "_scales"
METHOD = "mxfp4"
_EXPERTS = re.compile(r"(?:.*\.)?layers\.(\d+)\.mlp\.experts\.(gate_up_proj|down_proj)")


class Place(NamedTuple):
    """Which matrices of experts, whatever a file calls them.

    Attributes:
        layer: From 0.
        name: `gate_up_proj` or `down_proj`.
    """

    layer: int
    name: str


class Unpacked(Mapping[str, torch.Tensor]):
    """Tensors by name, packed ones unpacked when they are asked for.

    Args:
        held: A checkpoint's tensors as they lie there.
    """

    def __init__(self, held: Mapping[str, torch.Tensor]) -> None:
        self._held = held
        self._packed = {name.removesuffix(BLOCKS) for name in held if name.endswith(BLOCKS)}
        self._names = [*self._packed, *(name for name in held if _plain(name) not in self._packed)]

    def __getitem__(self, name: str) -> torch.Tensor:
        found = self.packed(name)
        return self._held[name] if found is None else dense(*found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def is_packed(self, name: str) -> bool:
        """Whether a tensor lies packed."""
        return name in self._packed

    def packed(self, name: str) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Blocks and scales of a tensor; None where it is not packed.

        Raises:
            KeyError: One of the two is missing; it is named.
        """
        if name not in self._packed:
            return None
        return self._held[name + BLOCKS], self._held[name + SCALES]

    def experts(self) -> dict[Place, str]:
        """The name of each tensor that holds matrices of experts."""
        return {place: name for name in self if (place := place_of(name)) is not None}


def place_of(name: str) -> Place | None:
    """Which matrices of experts a tensor holds; None if it is another."""
    found = _EXPERTS.fullmatch(name)
    return None if found is None else Place(int(found[1]), found[2])


def is_experts(name: str) -> bool:
    """Whether a file's tensor holds matrices of experts, packed or not."""
    return place_of(_plain(name)) is not None


def repack(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Experts rounded to MXFP4, one at a time.

    Args:
        weight: [experts, inputs, outputs], as transformers keeps them.

    Returns:
        Blocks [experts, outputs, inputs / 32, 16] and scales [experts, outputs, inputs / 32].

    Raises:
        ValueError: The inputs are not a multiple of 32, or a number is not finite.
    """
    made = [packed(each.transpose(0, 1).contiguous()) for each in weight]
    return torch.stack([blocks for blocks, _ in made]), torch.stack([scales for _, scales in made])


def dense(
    blocks: torch.Tensor, scales: torch.Tensor, dtype: torch.dtype = torch.bfloat16
) -> torch.Tensor:
    """Packed experts as transformers keeps them, unpacked one at a time.

    Args:
        blocks: [experts, outputs, inputs / 32, 16].
        scales: [experts, outputs, inputs / 32].
        dtype: Of what is returned; bfloat16 holds every number they can stand for.

    Returns:
        [experts, inputs, outputs].
    """
    experts, rows, groups, half = blocks.shape
    made = torch.empty(experts, rows, groups * half * 2, dtype=dtype, device=blocks.device)
    for number in range(experts):
        made[number] = unpacked(blocks[number], scales[number])
    return made.transpose(1, 2)


def _plain(name: str) -> str:
    return name.removesuffix(BLOCKS).removesuffix(SCALES)
