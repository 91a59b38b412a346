"""Large arrays worked on in pieces, so that a picture of 64 megapixels never needs several copies of itself in float.

This module knows nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

STRIP = 4_000_000
"""Values worked on at a time; as float64 they take 32 MB."""


def in_strips(
    values: np.ndarray, function: Callable[[np.ndarray], np.ndarray], out: np.ndarray | None = None
) -> np.ndarray:
    """Applies a function that treats every row alike, some rows at a time.

    Args:
        values: (rows, …).
        function: From (n, …) to (n, …) of uint8.
        out: (rows, …) of uint8 to write to; a new array like `values` when None.

    Returns:
        `out`.
    """
    result = np.empty(values.shape, np.uint8) if out is None else out
    step = max(1, STRIP // max(1, values[:1].size))
    for start in range(0, len(values), step):
        result[start : start + step] = function(values[start : start + step])
    return result


def through_table(values: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Applies a function of single integers by computing it once for every integer there can be.

    Args:
        values: Integers of 8 or 16 bits, any sign and byte order.
        function: From (n,) of the same type to (n, …) of uint8.

    Returns:
        (*values.shape, …), uint8.
    """
    native = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("="), copy=False))
    unsigned = np.dtype(f"u{native.dtype.itemsize}")
    every = np.arange(2 ** (8 * unsigned.itemsize), dtype=unsigned).view(native.dtype)
    table = np.ascontiguousarray(function(every))
    indices = native.view(unsigned)
    result = np.empty((*values.shape, *table.shape[1:]), np.uint8)
    # In strips, since numpy first writes the indices it is given as integers of 8 bytes.
    return in_strips(indices, lambda strip: np.take(table, strip, axis=0), result)


def tabulable(values: np.ndarray) -> bool:
    """Whether `through_table` takes these values."""
    return values.dtype.kind in "iu" and values.dtype.itemsize <= 2
