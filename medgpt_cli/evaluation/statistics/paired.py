"""Two models on the same items: what differs, how sure that is, and what could have been seen at all.

Answers to one question are alike whoever gives them, so runs are compared item by item and never by whether their
intervals overlap.  Right-or-wrong answers to independent questions are tested by McNemar's exact test on the items
only one of them got right; everything else by turning the sign of whole cases' differences (a permutation test over
patients, studies or images; every sign pattern where there are few cases).  The interval of the difference draws
whole cases anew.  Over several tasks p-values are adjusted by Holm (1979), and only the adjusted ones decide the word:
better, worse or undecided.  This module knows nothing of files or models.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from medgpt_cli.evaluation.intervals import Z95, Interval, wilson
from medgpt_cli.evaluation.statistics import clustered

Floats = NDArray[np.float64]

ALPHA = 0.05
POWER = 0.8
FLIPS = 20_000
"""Sign patterns tried where there are too many to try them all; no p-value lies below 1 in so many."""
ALL_PATTERNS = 14
"""Cases with a difference up to which every sign pattern is tried."""

Better = Literal["higher", "lower"]
Verdict = Literal["better", "worse", "undecided"]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A second run against a first, by one measure on the same items.

    Attributes:
        n: Items.
        clusters: Patients, studies or images.
        first: Mean of the first run.
        second: Mean of the second.
        better: Which end of the measure is the good one.
        difference: second - first.
        low: Lower bound of its 95 % interval; None where the data cannot say.
        high: Upper bound.
        gained: Items on which the second is better than the first; None for a measure of the whole table.
        lost: Items on which it is worse.
        test: `McNemar, exact`, `sign flips over cases` or `cases changing sides`.
        p: Two-sided p-value.
        adjusted: The p-value after Holm over everything compared at once; `p` itself for one comparison.
        verdict: Of the second against the first, at `adjusted` < 0.05.
        visible: The smallest true difference that items like these show four times in five; None where no two
            answers differ.
    """

    n: int
    clusters: int
    first: float
    second: float
    better: Better
    difference: float
    low: float | None
    high: float | None
    gained: int | None
    lost: int | None
    test: str
    p: float
    adjusted: float
    verdict: Verdict
    visible: float | None


def compare(
    first: Sequence[float],
    second: Sequence[float],
    clusters: Sequence[str],
    *,
    better: Better = "higher",
    seed: int = 0,
) -> Comparison:
    """Compares two runs by the values of their items.

    Args:
        first: The measure of each item in the first run; 0 and 1 for right or wrong.
        second: The same items in the same order in the second run.
        clusters: The patient, study or image of each item.
        better: Which end of the measure is the good one.
        seed: Of the draws.

    Raises:
        ValueError: There are no items, or not the same number on both sides.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if not len(a) or not len(a) == len(b) == len(clusters):
        raise ValueError("a comparison needs the same items on both sides, and at least one")
    d = b - a
    good = d if better == "higher" else -d
    sums = clustered.per_cluster(clusters, d, np.ones(len(d)))
    binary = bool(np.isin(a, (0, 1)).all() and np.isin(b, (0, 1)).all())
    gained, lost = int((good > 0).sum()), int((good < 0).sum())
    if binary and len(sums) == len(d):
        test, p = "McNemar, exact", mcnemar(gained, lost)
    else:
        test, p = "sign flips over cases", sign_flips(sums[:, 0], seed=seed)
    bounds = _bounds(sums, binary, seed)
    low, high = bounds or (None, None)
    return Comparison(
        n=len(d),
        clusters=len(sums),
        first=float(a.mean()),
        second=float(b.mean()),
        better=better,
        difference=float(d.mean()),
        low=low,
        high=high,
        gained=gained,
        lost=lost,
        test=test,
        p=p,
        adjusted=p,
        verdict=verdict_of(float(d.mean()), better, p),
        visible=_visible(sums),
    )


def adjust(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Adjusts the p-values of everything compared at once by Holm, and gives the verdicts anew."""
    adjusted = holm([each.p for each in comparisons])
    return [
        msgspec.structs.replace(each, adjusted=p, verdict=verdict_of(each.difference, each.better, p))
        for each, p in zip(comparisons, adjusted, strict=True)
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted so that the chance of any false finding stays below the level (Holm 1979)."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, worst = [1.0] * len(p_values), 0.0
    for rank, number in enumerate(order):
        worst = max(worst, min(1.0, (len(order) - rank) * p_values[number]))
        adjusted[number] = worst
    return adjusted


def mcnemar(gained: int, lost: int) -> float:
    """The two-sided exact p-value that gains and losses are equally likely; 1 where there are neither."""
    return float(stats.binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def sign_flips(sums: Floats, *, seed: int = 0) -> float:
    """The two-sided p-value that the sign of each case's summed difference is a coin toss.

    Args:
        sums: For each case the sum of its items' differences.
        seed: Of the coins, where there are too many cases to try every pattern.
    """
    moved = sums[np.abs(sums) > 1e-12]
    seen = abs(float(moved.sum())) - 1e-9 * float(np.abs(moved).sum())
    if len(moved) <= ALL_PATTERNS:
        patterns = np.arange(1 << len(moved))[:, None] >> np.arange(len(moved)) & 1
        return float((np.abs((1 - 2 * patterns) @ moved) >= seen).mean())
    rng = np.random.default_rng(seed)
    hits = 0
    step = max(1, clustered.AT_ONCE // len(moved))
    for begin in range(0, FLIPS, step):
        rows = min(step, FLIPS - begin)
        signs = 1.0 - 2.0 * rng.integers(2, size=(rows, len(moved)), dtype=np.int8)
        hits += int((np.abs(signs @ moved) >= seen).sum())
    return (1 + hits) / (1 + FLIPS)


def visible_difference(n: int) -> float:
    """The smallest difference in accuracy that so many questions show four times in five, before anything is asked.

    For two models that get half of the questions right, with answers correlated at 0.5.
    """
    return visible_from(float(np.sqrt(0.25 / n)))


def visible_from(error: float) -> float:
    """The smallest difference shown four times in five, from the standard error of the difference."""
    return float((Z95 + stats.norm.ppf(POWER)) * error)


def _visible(sums: Floats) -> float | None:
    d, sizes = sums.T
    count, items = len(d), sizes.sum()
    if count < 2:
        return None
    away = d - sizes * d.sum() / items
    error = np.sqrt(count / (count - 1) * (away**2).sum()) / items
    return visible_from(float(error)) or None


def _bounds(sums: Floats, binary: bool, seed: int) -> Interval | None:
    mean, count = float(sums[:, 0].sum() / sums[:, 1].sum()), len(sums)
    if np.ptp(sums[:, 0] / sums[:, 1]) > 1e-12:
        drawn = clustered.resampled(sums, seed=seed, resamples=clustered.RESAMPLES)
        return clustered.percentiles(drawn[:, 0] / drawn[:, 1], count)
    if not binary:
        return None
    # The same in every case: what so few cases could have hidden bounds the difference, on both sides of 0.
    share = wilson(abs(mean) * count, count)
    if mean == 0:
        return Interval(-share.high, share.high)
    return share if mean > 0 else Interval(-share.high, -share.low)


def verdict_of(difference: float, better: Better, p: float) -> Verdict:
    """The word for a difference and its p-value."""
    if p >= ALPHA or difference == 0:
        return "undecided"
    return "better" if (difference > 0) == (better == "higher") else "worse"
