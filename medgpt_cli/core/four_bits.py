"""The formats of four bits in which frozen weights are kept: their words, and what a weight takes in each."""

from __future__ import annotations

from typing import Literal

Packed = Literal["mxfp4", "nf4"]
MXFP4: Packed = "mxfp4"
NF4: Packed = "nf4"
BYTES: dict[Packed, float] = {MXFP4: 1 / 2 + 1 / 32, NF4: 1 / 2 + 1 / 64 + 4 / (64 * 256)}
"""Of a weight with its share of the scales: 32 share a byte; 64 share one, and 256 of these a number of four bytes."""
