"""Captions that do not fit their picture, by scores that are handed in; no model is known here.

The worst percentile of a set is objected to, because scores of different towers have no common scale: so it is known
only when all records have a score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

REASON = "mismatch: the text does not fit the picture"


def misfits(scores: NDArray[np.floating], percentile: float) -> NDArray[np.bool_]:
    """Which records lie below the percentile of all scores.

    Args:
        scores: Higher is better; NaN for a record without pictures, which is never objected to, and minus infinity for
            one whose score is no number, which always is.
        percentile: 0 to 100.
    """
    finite = scores[np.isfinite(scores)]
    least = np.percentile(finite, percentile) if len(finite) else -np.inf
    below: NDArray[np.bool_] = (scores < least) | (scores == -np.inf)
    return below
