"""Vectors in a line of JSON: base64 of little-endian floats, of the width and form that the file's header says.

This module knows nothing of what they mean.
"""

from __future__ import annotations

import base64
import binascii
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Dtype = Literal["", "<f2", "<f4"]


def why_unfit(data: str, count: int, width: int, dtype: Dtype) -> str:
    """What keeps `data` from being `count` vectors of `width`; empty where nothing does."""
    try:
        array = np.frombuffer(base64.b64decode(data, validate=True), dtype=dtype or "<f4")
    except (binascii.Error, ValueError):
        return "is not base64 of numbers"
    if array.size != count * width:
        return f"holds {array.size} numbers, not {count} x {width}"
    return "" if np.isfinite(array).all() else "holds a number that is not finite"


def pack(vectors: NDArray[np.floating]) -> str:
    """Vectors as a row keeps them; the array's own dtype is the header's."""
    return base64.b64encode(np.ascontiguousarray(vectors).tobytes()).decode("ascii")


def unpack(data: str, width: int, dtype: Dtype) -> NDArray[np.float32]:
    """The vectors of a row, (count, width)."""
    flat = np.frombuffer(base64.b64decode(data), dtype=dtype or "<f4")
    return flat.astype(np.float32).reshape(-1, max(width, 1))


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row at length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
