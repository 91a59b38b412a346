"""The mean over sets, each set counting the same, and what one tower is ahead of another by.

Sets are drawn independently: each draw takes whole cases anew within every set and then the mean over sets, so a
large set does not outweigh a small one.  The interval is pushed outwards as for the set with the fewest cases.
This module knows nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from medgpt_cli.evaluation.intervals import Interval
from medgpt_cli.evaluation.statistics import clustered, paired, paired_tallies
from medgpt_cli.evaluation.statistics.paired import Comparison
from medgpt_cli.evaluation.transfer.outcomes import Answers, Gold, Scored, f1_of_counts, tallies

MEAN = "mean"
"""What the mean over sets is called where a set's name stands."""

Floats = NDArray[np.float64]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Two towers on the same test pictures.

    Attributes:
        set: The set's name, or `mean`.
        mode: `probe` or `finetune`.
        first: Name of the tower that is measured by; the one whose lead is told is `second`.
        second: Name of the other.
        result: The difference in macro-F1, second minus first.
    """

    set: str
    mode: str
    first: str
    second: str
    result: Comparison


def mean_score(
    scores: Sequence[Scored], tested: Sequence[Gold], answers: Sequence[Answers], *, seed: int = 0
) -> Scored:
    """One tower over all sets.

    Args:
        scores: Of each set.
        tested: The sets, in the same order.
        answers: What the tower answered, in the same order.
        seed: Of the draws.
    """
    drawn = _drawn(tested, [_counts(*pair) for pair in zip(tested, answers, strict=True)], seed)
    f1 = [
        [f1_of_counts(row, len(each.labels)) for row in rows]
        for each, rows in zip(tested, drawn, strict=True)
    ]
    hits = [
        np.mean([np.equal(each.gold, seeded) for seeded in answer.predicted], axis=0)
        for each, answer in zip(tested, answers, strict=True)
    ]
    sums = _drawn(tested, [np.stack([h, np.ones(len(h))], axis=1) for h in hits], seed)
    accuracy = [[right / count for right, count in rows] for rows in sums]
    low, high = _interval(f1, tested) or (None, None)
    accuracy_low, accuracy_high = _interval(accuracy, tested) or (None, None)
    return Scored(
        tower=scores[0].tower,
        set=MEAN,
        mode=scores[0].mode,
        macro_f1=_mean([each.macro_f1 for each in scores]),
        low=low,
        high=high,
        accuracy=_mean([each.accuracy for each in scores]),
        accuracy_low=accuracy_low,
        accuracy_high=accuracy_high,
        n=sum(each.n for each in scores),
        cases=sum(each.cases for each in scores),
        by_seed=[_mean(seeded) for seeded in zip(*(each.by_seed for each in scores), strict=True)],
    )


def compare(
    tested: Sequence[Gold], first: Sequence[Answers], second: Sequence[Answers], *, seed: int = 0
) -> list[Compared]:
    """Two towers on each set, and over all of them where there are several.

    Args:
        tested: The sets.
        first: What the tower that is measured by answered, in the same order.
        second: Likewise the other.
        seed: Of the draws and coins.
    """
    named = {"mode": first[0].mode, "first": first[0].tower, "second": second[0].tower}
    sides = [
        [_counts(*pair) for pair in zip(tested, answers, strict=True)] for answers in (first, second)
    ]
    found = []
    for each, a, b in zip(tested, *sides, strict=True):
        result = paired_tallies.compare(a.tolist(), b.tolist(), each.cases, _of_one(each), seed=seed)
        assert result is not None
        found.append(Compared(set=each.name, result=result, **named))
    if len(tested) > 1:
        found.append(Compared(set=MEAN, result=_over_all(tested, sides[0], sides[1], seed), **named))
    return found


def adjusted(comparisons: Sequence[Compared]) -> list[Compared]:
    """The same with p-values adjusted by Holm over all of them, and verdicts by those."""
    results = paired.adjust([each.result for each in comparisons])
    return [
        msgspec.structs.replace(each, result=result)
        for each, result in zip(comparisons, results, strict=True)
    ]


def _over_all(
    tested: Sequence[Gold], first: list[Floats], second: list[Floats], seed: int
) -> Comparison:
    """Cases of all sets change sides by coins of their own; the interval draws within each set."""
    widths = [side.shape[1] for side in first]
    edges = np.cumsum([0, *widths]).tolist()

    def combine(row: Sequence[float]) -> float:
        return _mean(
            [
                f1_of_counts(row[edges[i] : edges[i + 1]], len(each.labels))
                for i, each in enumerate(tested)
            ]
        )

    def side_by_side(blocks: list[Floats]) -> list[list[float]]:
        rows = []
        for i, block in enumerate(blocks):
            wide = np.zeros((len(block), edges[-1]))
            wide[:, edges[i] : edges[i + 1]] = block
            rows += wide.tolist()
        return rows

    cases = [f"{i} {case}" for i, each in enumerate(tested) for case in each.cases]
    result = paired_tallies.compare(side_by_side(first), side_by_side(second), cases, combine, seed=seed)
    assert result is not None
    both = [np.hstack(pair) for pair in zip(first, second, strict=True)]
    gaps = [
        [combine_one(row[width:]) - combine_one(row[:width]) for row in rows]
        for rows, width, combine_one in zip(
            _drawn(tested, both, seed), widths, map(_of_one, tested), strict=True
        )
    ]
    low, high = _interval(gaps, tested, share=False) or (None, None)
    spread = float(np.mean(gaps, axis=0).std())
    return msgspec.structs.replace(
        result, low=low, high=high, visible=paired.visible_from(spread) if spread else None
    )


def _of_one(each: Gold) -> Callable[[Sequence[float]], float]:
    return lambda row: f1_of_counts(row, len(each.labels))


def _counts(each: Gold, answers: Answers) -> Floats:
    return tallies(each.gold, answers.predicted, len(each.labels))


def _drawn(tested: Sequence[Gold], tables: Sequence[Floats], seed: int) -> list[list[list[float]]]:
    """For each set the column sums of cases drawn anew, each set with draws of its own."""
    return [
        clustered.resampled(
            clustered.per_cluster(each.cases, *table.T), seed=seed + place, resamples=clustered.RESAMPLES
        ).tolist()
        for place, (each, table) in enumerate(zip(tested, tables, strict=True))
    ]


def _interval(
    drawn: Sequence[Sequence[float]], tested: Sequence[Gold], *, share: bool = True
) -> Interval | None:
    fewest = min(len(set(each.cases)) for each in tested)
    means = np.mean(drawn, axis=0)
    if fewest < 2:
        return None
    if np.ptp(means) < 1e-12:
        return clustered.without_spread(float(means[0]), fewest) if share else None
    return clustered.percentiles(means, fewest)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
