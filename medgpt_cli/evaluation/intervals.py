"""How sure a share of k out of N is.

This module knows nothing of what was counted.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

Z95 = 1.959963984540054
"""The normal quantile of a two-sided 95 % interval."""


class Interval(NamedTuple):
    """Where a value lies with 95 % confidence.

    Attributes:
        low: Lower bound.
        high: Upper bound.
    """

    low: float
    high: float


def wilson(k: float, n: float, z: float = Z95) -> Interval:
    """The Wilson score interval of a proportion, which stays inside [0, 1] and is honest for small N.

    Args:
        k: Successes; a fraction where the shares of cases are counted rather than answers.
        n: Trials; with none, nothing is known and the interval is (0, 1).
        z: Normal quantile; 95 % by default.

    Source: Wilson 1927, J Am Stat Assoc 22:209.
    """
    if n == 0:
        return Interval(0.0, 1.0)
    share = k / n
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    # Rounding can leave 1e-17 where the formula says exactly 0 or 1.
    return Interval(0.0 if k == 0 else centre - half, 1.0 if k == n else centre + half)
