"""Test cases drawn anew, class by class, and the intervals that come of it.

Macro-F1 counts a class that a draw happens to miss as 0, so drawing from all cases at once would pull a perfect
answer down to half; drawing within each class keeps every class in every draw.  The percentiles are pushed outwards as
`clustered` says, for as many independent cases as are left when each class has taken one.  This module knows nothing
of towers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.evaluation.intervals import Interval
from medgpt_cli.evaluation.statistics import clustered

Floats = NDArray[np.float64]


def drawn_sums(
    columns: Floats, gold: Sequence[int], cases: Sequence[str], *, seed: int, place: int = 0
) -> Floats:
    """Column sums over cases drawn with replacement, as many of each class as there are.

    Args:
        columns: What adds up over pictures, (N, C).
        gold: The class of each picture; a case with several counts for its commonest.
        cases: The patient or picture of each.
        seed: Of the draws.
        place: Of the set among others, whose draws shall be independent.

    Returns:
        One row for each draw, (draws, C).
    """
    sums = clustered.per_cluster(cases, *columns.T)
    right = np.eye(max(gold) + 1)[list(gold)]
    strata = clustered.per_cluster(cases, *right.T).argmax(axis=1)
    total = np.zeros((clustered.RESAMPLES, columns.shape[1]))
    for stratum in np.unique(strata).tolist():
        # Equal seeds would draw classes of equal size alike.
        own = (seed * 1009 + place) * 1009 + stratum
        total += clustered.resampled(sums[strata == stratum], seed=own, resamples=len(total))
    return total


def degrees(gold: Sequence[int], cases: Sequence[str]) -> int:
    """How many independent cases an interval of one set rests on, at least 1."""
    return max(1, len(set(cases)) - len(set(gold)) + 1)


def interval(values: Floats, cases: int, *, share: bool = True) -> Interval | None:
    """The 95 % interval of a measure drawn anew many times.

    Args:
        values: One for each draw.
        cases: What `degrees` says.
        share: Whether it lies between 0 and 1: then Wilson's interval stands where no draw differs from another.
    """
    if cases < 2:
        return None
    if np.ptp(values) < 1e-12:
        return clustered.without_spread(float(values[0]), cases) if share else None
    return clustered.percentiles(values, cases)
