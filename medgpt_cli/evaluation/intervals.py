"""How sure a share of k out of N is.

This module knows nothing of what was counted.
"""

from __future__ import annotations

from math import sqrt

Z95 = 1.959963984540054
"""The normal quantile of a two-sided 95 % interval."""


def wilson(k: int, n: int, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a proportion, which stays inside [0, 1] and is honest for small N.

    Args:
        k: Successes.
        n: Trials; with none, nothing is known and the interval is (0, 1).
        z: Normal quantile; 95 % by default.

    Returns:
        Lower and upper bound.
    """
    if n == 0:
        return 0.0, 1.0
    share = k / n
    scale = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / scale
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    # Rounding can leave 1e-17 where the formula says exactly 0 or 1.
    return (0.0 if k == 0 else centre - half), (1.0 if k == n else centre + half)
