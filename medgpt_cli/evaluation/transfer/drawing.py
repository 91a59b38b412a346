"""Test cases drawn anew so that no draw loses a class, and the intervals that come of it.

The strata are those that every measure over classes is drawn in (`statistics.strata`).  The percentiles are pushed
outwards as `clustered` says, for as many independent cases as are left when each stratum has taken one.  This module
knows nothing of towers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.evaluation.intervals import Interval
from medgpt_cli.evaluation.statistics import clustered
from medgpt_cli.evaluation.statistics.strata import Strata, independent, strata_of

Floats = NDArray[np.float64]


def drawn_sums(
    columns: Floats, gold: Sequence[int], cases: Sequence[str], *, seed: int, place: int = 0
) -> Floats:
    """Column sums over cases drawn with replacement, no class lost.

    Args:
        columns: What adds up over pictures, (N, C).
        gold: The class of each picture.
        cases: The patient or picture of each.
        seed: Of the draws.
        place: Of the set among others, whose draws shall be independent.

    Returns:
        One row for each draw, (draws, C).
    """
    sums = clustered.per_cluster(cases, *columns.T)
    return clustered.resampled(
        sums, seed=seed * 1009 + place, resamples=clustered.RESAMPLES, strata=_strata(gold, cases)
    )


def degrees(gold: Sequence[int], cases: Sequence[str]) -> int:
    """How many independent cases an interval of one set rests on, at least 1."""
    return independent(_strata(gold, cases))


def _strata(gold: Sequence[int], cases: Sequence[str]) -> Strata:
    right = np.eye(max(gold) + 1)[list(gold)]
    return strata_of(clustered.per_cluster(cases, *right.T) > 0)


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
