"""Two models by a measure of the whole table, such as macro-F1 or a corpus BLEU, on the same items.

The measure has no value for a single item, so whole cases change sides: under the null hypothesis it is a coin toss
which run a patient's answers came from.  The interval draws whole cases anew, both runs together, and where classes
count alike no draw loses one.  This module knows nothing of files or models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from medgpt_cli.evaluation.intervals import Interval
from medgpt_cli.evaluation.statistics import clustered, paired
from medgpt_cli.evaluation.statistics.paired import Better, Comparison
from medgpt_cli.evaluation.statistics.strata import Strata, independent, strata_of

Combine = Callable[[Sequence[float]], float | None]

SWAPS = 5000
"""Ways of changing sides that are tried; no p-value lies below 1 in so many."""


def compare(
    first: Sequence[Sequence[float]],
    second: Sequence[Sequence[float]],
    clusters: Sequence[str],
    combine: Combine,
    *,
    held: slice | None = None,
    better: Better = "higher",
    seed: int = 0,
) -> Comparison | None:
    """Compares two runs by the counts of their items.

    Args:
        first: The counts of each item in the first run, equally many for all.
        second: The same items in the same order in the second run.
        clusters: The patient, study or image of each item.
        combine: From the summed counts to the measure; None where they give none.
        held: Which of the counts say, where they are above 0, that a case holds a class that no draw may lose.
        better: Which end of the measure is the good one.
        seed: Of the draws.

    Returns:
        The comparison; None where a run's counts give no value.  `gained` and `lost` are None: no single item is won.

    Raises:
        ValueError: There are no items, or not the same number on both sides.
    """
    if not len(first) or not len(first) == len(second) == len(clusters):
        raise ValueError("a comparison needs the same items on both sides, and at least one")
    sides = [
        clustered.per_cluster(clusters, *np.asarray(tallies, dtype=float).T)
        for tallies in (first, second)
    ]
    a, b = (combine(side.sum(axis=0).tolist()) for side in sides)
    if a is None or b is None:
        return None
    cases = len(sides[0])
    p = _p_value(sides, abs(b - a), combine, seed)
    strata = None if held is None else strata_of(sides[0][:, held] > 0)
    bounds, visible = _bounds(sides, combine, seed, strata) if cases > 1 else (None, None)
    low, high = bounds or (None, None)
    return Comparison(
        n=len(first),
        clusters=cases,
        first=a,
        second=b,
        better=better,
        difference=b - a,
        low=low,
        high=high,
        gained=None,
        lost=None,
        test="cases changing sides",
        p=p,
        adjusted=p,
        verdict=paired.verdict_of(b - a, better, p),
        visible=visible,
    )


def _p_value(sides: Sequence[clustered.Floats], seen: float, combine: Combine, seed: int) -> float:
    moved = np.flatnonzero((sides[0] != sides[1]).any(axis=1))
    if not len(moved):
        return 1.0
    rng = np.random.default_rng(seed)
    gap = sides[1][moved] - sides[0][moved]
    totals = [side.sum(axis=0) for side in sides]
    hits = tried = 0
    for _ in range(SWAPS):
        shift = rng.integers(2, size=len(moved)) @ gap
        a, b = combine((totals[0] + shift).tolist()), combine((totals[1] - shift).tolist())
        if a is not None and b is not None:
            tried += 1
            hits += abs(b - a) >= seen - 1e-12
    return (1 + hits) / (1 + tried)


def _bounds(
    sides: Sequence[clustered.Floats], combine: Combine, seed: int, strata: Strata | None
) -> tuple[Interval | None, float | None]:
    """The interval of the difference, and the smallest one that could have been seen, from the spread of the draws."""
    width, cases = sides[0].shape[1], len(sides[0])
    if strata is not None and (cases := independent(strata)) < 2:
        return None, None
    drawn = clustered.resampled(
        np.hstack(sides), seed=seed, resamples=clustered.RESAMPLES, strata=strata
    )
    pairs = [(combine(row[:width]), combine(row[width:])) for row in drawn.tolist()]
    differences = np.array([b - a for a, b in pairs if a is not None and b is not None])
    if len(differences) < 0.95 * len(pairs) or np.ptp(differences) < 1e-12:
        return None, None
    return clustered.percentiles(differences, cases), paired.visible_from(float(differences.std()))
