"""Numbers of any depth to 8 bits: from a darkest value to a brightest one.

Pillow's own conversion of 16 bits to 8 clips at 255, which turns a chest film white.  This module knows no format.
"""

from __future__ import annotations

import numpy as np

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.strips import in_strips, tabulable, through_table

PERCENTILES = (0.5, 99.5)
"""Range shown where nothing says what to show."""
SAMPLE = 1_000_000
"""Values the percentiles are taken from at most, on a regular grid."""


def stretched(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values to 8 bits, `low` and below to 0 and `high` and above to 255.

    Args:
        values: (rows, columns), any real type; what is not finite becomes 0.
        low: Darkest value.
        high: Brightest value; black all over where it is not above `low`.

    Returns:
        (rows, columns), uint8.
    """
    if not high > low:
        return np.zeros(values.shape, np.uint8)

    def scaled(strip: np.ndarray) -> np.ndarray:
        bright = (strip.astype(np.float64) - low) / (high - low)
        bright[~np.isfinite(bright)] = 0
        result: np.ndarray = np.rint(np.clip(bright, 0, 1) * 255).astype(np.uint8)
        return result

    return through_table(values, scaled) if tabulable(values) else in_strips(values, scaled)


def ends_of(values: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest value that is finite.

    Raises:
        BadImage: None is.
    """
    low, high = np.inf, -np.inf
    for row in values:  # row by row, so that no mask as large as the picture is made
        finite = row[np.isfinite(row)] if row.dtype.kind == "f" else row
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        raise BadImage("holds no finite value", repair="leave it out")
    return low, high


def middle_of(values: np.ndarray) -> tuple[float, float]:
    """The range of the middle 99 % of finite values; of all where that is one value.

    Raises:
        BadImage: No value is finite.
    """
    ends = ends_of(values)
    step = max(1, int((values.size / SAMPLE) ** 0.5))
    sample = values[::step, ::step].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return ends
    low, high = np.percentile(sample, PERCENTILES)
    return (float(low), float(high)) if high > low else ends
