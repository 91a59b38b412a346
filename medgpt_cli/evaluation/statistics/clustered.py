"""Intervals where items are not independent: whole patients, studies or images are drawn again, never single items.

Eleven questions on one picture are not eleven pictures.  Whole clusters are drawn with replacement and the measure
is taken anew each time; the interval lies between two percentiles of what comes out.  They are the *expanded*
percentiles (Hesterberg 2015, The American Statistician 69:371), pushed outwards for few clusters as Student's t is,
since plain ones are too narrow there.  The draws are seeded and do not depend on the order of the items.

Resampling cannot show a spread that the data do not show: where every cluster has the same value, a share falls back
on Wilson's interval with one trial for each cluster, which errs on the wide side, and any other measure has no
interval (None), never one of width 0.  A measure over classes is drawn in strata that lose no class (`strata`).  This
module knows nothing of what was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from medgpt_cli.evaluation.intervals import Interval, wilson
from medgpt_cli.evaluation.statistics.strata import Strata, independent, strata_of

Floats = NDArray[np.float64]

RESAMPLES = 2000
AT_ONCE = 1 << 22
"""Clusters drawn at a time, which bounds memory: about 64 MB."""


def bootstrap_mean(
    values: Sequence[float], clusters: Sequence[str], *, seed: int = 0, resamples: int = RESAMPLES
) -> Interval | None:
    """The 95 % interval of the mean over all items.

    Args:
        values: One for each item.
        clusters: The patient, study or image of each item.
        seed: Of the draws.
        resamples: How often the clusters are drawn.

    Returns:
        The interval; None where there are no items, or no spread in something that is no share.
    """
    if not len(values):
        return None
    columns = per_cluster(clusters, values, np.ones(len(values)))
    sums, sizes = columns.T
    mean = float(sums.sum() / sizes.sum())
    if np.ptp(sums / sizes) < 1e-12:
        share = min(values) >= 0 and max(values) <= 1
        return without_spread(mean, len(sums)) if share else None
    drawn = resampled(columns, seed=seed, resamples=resamples)
    return percentiles(drawn[:, 0] / drawn[:, 1], len(sums))


def bootstrap_statistic(
    clusters: Sequence[str],
    fn: Callable[[NDArray[np.intp]], float],
    *,
    held: NDArray[np.bool_] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """The 95 % interval of a measure that is no mean of items, such as macro-F1 or a corpus BLEU.

    Args:
        clusters: The patient, study or image of each item.
        fn: Takes the numbers of the items drawn, with repeats, to the measure; NaN where it has no value.
        held: Whether an item holds a class that no draw may lose, (items, classes).
        seed: Of the draws.
        resamples: How often the clusters are drawn; `fn` is called as often.

    Returns:
        The interval; None where there are no items, no spread in something that is no share, more than one draw in
        twenty without a value, or too few cases of each class to draw among.
    """
    if not len(clusters):
        return None
    _, members = np.unique(np.asarray(clusters), return_inverse=True)
    by_cluster = np.argsort(members, kind="stable")
    pieces = np.split(by_cluster, np.cumsum(np.bincount(members))[:-1])
    strata = None if held is None else strata_of(per_cluster(clusters, *held.T) > 0)
    among = _among(len(pieces), strata)
    rng = np.random.default_rng(seed)
    drawn = [
        fn(np.concatenate([pieces[number] for own in among for number in rng.choice(own, len(own))]))
        for _ in range(resamples if len(pieces) > 1 else 0)
    ]
    return _of_draws(drawn, fn(np.arange(len(clusters))), len(pieces), strata)


def bootstrap_tallies(
    tallies: Sequence[Sequence[float]],
    clusters: Sequence[str],
    combine: Callable[[Sequence[float]], float | None],
    *,
    held: slice | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """The 95 % interval of a measure made of counts that add up over items, such as a corpus BLEU.

    Args:
        tallies: The counts of each item, equally many for all.
        clusters: The patient, study or image of each item.
        combine: From the summed counts to the measure; None where they give none.
        held: Which of the counts say, where they are above 0, that a case holds a class that no draw may lose.
        seed: Of the draws.
        resamples: How often the clusters are drawn; `combine` is called as often.

    Returns:
        The interval, as `bootstrap_statistic` has it.
    """
    if not len(tallies):
        return None
    columns = per_cluster(clusters, *np.asarray(tallies, dtype=float).T)
    whole = combine(columns.sum(axis=0).tolist())
    if whole is None:
        return None
    strata = None if held is None else strata_of(columns[:, held] > 0)
    sums = (
        resampled(columns, seed=seed, resamples=resamples, strata=strata)
        if len(columns) > 1
        else columns[:0]
    )
    return _of_draws([combine(row) for row in sums.tolist()], whole, len(columns), strata)


def per_cluster(clusters: Sequence[str], *columns: Sequence[float] | Floats) -> Floats:
    """The sum of each column over each cluster, of shape (clusters, columns), clusters in the order of their names."""
    _, members = np.unique(np.asarray(clusters), return_inverse=True)
    sums = [np.bincount(members, weights=np.asarray(column, dtype=float)) for column in columns]
    return np.stack(sums, axis=1)


def resampled(columns: Floats, *, seed: int, resamples: int, strata: Strata | None = None) -> Floats:
    """Column sums over clusters drawn with replacement, as many of each stratum as there are.

    Args:
        columns: Sums of each cluster, (clusters, columns).
        seed: Of the draws.
        resamples: Number of draws.
        strata: Of each cluster; one for all when None.

    Returns:
        Of shape (resamples, columns).
    """
    rng = np.random.default_rng(seed)
    drawn = [_drawn(columns[own], rng, resamples) for own in _among(len(columns), strata)]
    total: Floats = np.sum(drawn, axis=0, dtype=float)
    return total


def _among(count: int, strata: Strata | None) -> list[Strata]:
    """The numbers of the cases of each stratum."""
    if strata is None:
        return [np.arange(count)]
    return [np.flatnonzero(strata == each) for each in np.unique(strata)]


def _drawn(columns: Floats, rng: np.random.Generator, resamples: int) -> Floats:
    count = len(columns)
    parts = []
    for begin in range(0, resamples, step := max(1, AT_ONCE // count)):
        rows = min(step, resamples - begin)
        picked = rng.integers(count, size=(rows, count)) + count * np.arange(rows)[:, None]
        times = np.bincount(picked.ravel(), minlength=rows * count).reshape(rows, count)
        parts.append(times.astype(float) @ columns)
    return np.concatenate(parts)


def percentiles(drawn: NDArray[Any], clusters: int) -> Interval:
    """The expanded 95 % percentile interval of a measure drawn anew many times.

    Args:
        drawn: Its values.
        clusters: Independent cases behind each draw, at least 2.
    """
    t = stats.t.ppf(0.975, clusters - 1) * np.sqrt(clusters / (clusters - 1))
    tail = float(stats.norm.cdf(-t))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(float(low), float(high))


def without_spread(share: float, clusters: int) -> Interval:
    """Wilson's interval of a share that is the same in each of so many independent cases."""
    return wilson(share * clusters, clusters)


def _of_draws(
    drawn: Sequence[float | None], whole: float, clusters: int, strata: Strata | None = None
) -> Interval | None:
    if strata is not None and clusters > 1:
        clusters = independent(strata)
        if clusters < 2:
            return None
    values = np.array([value for value in drawn if value is not None and np.isfinite(value)])
    if len(values) < 0.95 * len(drawn):
        return None
    if not len(values) or np.ptp(values) < 1e-12:
        return without_spread(whole, clusters) if 0 <= whole <= 1 else None
    return percentiles(values, clusters)
