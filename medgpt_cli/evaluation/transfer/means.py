"""The mean over sets, each set counting the same, and what one tower is ahead of another by.

Sets are drawn independently: each draw takes cases anew within every class of every set and then the mean over sets,
so a large set does not outweigh a small one.  The interval is pushed outwards as for the set with the fewest cases.
This module knows nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from medgpt_cli.evaluation.intervals import Interval
from medgpt_cli.evaluation.statistics import clustered, paired, paired_tallies
from medgpt_cli.evaluation.statistics.paired import Comparison
from medgpt_cli.evaluation.transfer.drawing import degrees, drawn_sums, interval
from medgpt_cli.evaluation.transfer.outcomes import (
    Answers,
    Gold,
    Scored,
    f1_of_counts,
    f1_of_rows,
    tallies,
)

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
    scores: Sequence[Scored], gold: Sequence[Gold], answers: Sequence[Answers], *, seed: int = 0
) -> Scored:
    """One tower over all sets.

    Args:
        scores: Of each set.
        gold: The sets, in the same order.
        answers: What the tower answered, in the same order.
        seed: Of the draws.
    """
    f1, accuracy = [], []
    for place, (each, own) in enumerate(zip(gold, answers, strict=True)):
        rows = drawn_sums(_counts(each, own), each.gold, each.cases, seed=seed, place=place)
        f1.append(f1_of_rows(rows, len(each.labels)))
        hits = np.mean([np.equal(each.gold, seeded) for seeded in own.predicted], axis=0)
        sums = clustered.resampled(
            clustered.per_cluster(each.cases, hits, np.ones(len(hits))),
            seed=seed + place,
            resamples=clustered.RESAMPLES,
        )
        accuracy.append(sums[:, 0] / sums[:, 1])
    low, high = _over_sets(f1, gold) or (None, None)
    accuracy_low, accuracy_high = _over_sets(accuracy, gold) or (None, None)
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
    gold: Sequence[Gold], first: Sequence[Answers], second: Sequence[Answers], *, seed: int = 0
) -> list[Compared]:
    """Two towers on each set, and over all of them where there are several.

    Args:
        gold: The sets.
        first: What the tower that is measured by answered, in the same order.
        second: Likewise the other.
        seed: Of the draws and coins.
    """
    named = {"mode": first[0].mode, "first": first[0].tower, "second": second[0].tower}
    sides = [[_counts(*pair) for pair in zip(gold, answers, strict=True)] for answers in (first, second)]
    gaps = [
        _gaps(each, a, b, seed, place)
        for place, (each, a, b) in enumerate(zip(gold, *sides, strict=True))
    ]
    found = []
    for each, a, b, drawn in zip(gold, *sides, gaps, strict=True):
        classes = len(each.labels)
        result = _tested([a], [b], each.cases, [classes], seed)
        bounds = interval(drawn, degrees(each.gold, each.cases), share=False)
        found.append(Compared(set=each.name, result=_bounded(result, bounds, drawn), **named))
    if len(gold) > 1:
        cases = [f"{place} {case}" for place, each in enumerate(gold) for case in each.cases]
        result = _tested(sides[0], sides[1], cases, [len(each.labels) for each in gold], seed)
        bounds = _over_sets(gaps, gold, share=False)
        drawn = np.mean(gaps, axis=0)
        found.append(Compared(set=MEAN, result=_bounded(result, bounds, drawn), **named))
    return found


def adjusted(comparisons: Sequence[Compared]) -> list[Compared]:
    """The same with p-values adjusted by Holm over all of them, and verdicts by those."""
    results = paired.adjust([each.result for each in comparisons])
    return [
        msgspec.structs.replace(each, result=result)
        for each, result in zip(comparisons, results, strict=True)
    ]


def _tested(
    first: Sequence[Floats],
    second: Sequence[Floats],
    cases: Sequence[str],
    classes: list[int],
    seed: int,
) -> Comparison:
    """The mean over these sets, tested by cases of all sets changing sides by coins of their own."""
    edges = np.cumsum([0, *(side.shape[1] for side in first)]).tolist()

    def combine(row: Sequence[float]) -> float:
        return _mean([f1_of_counts(row[edges[i] : edges[i + 1]], n) for i, n in enumerate(classes)])

    def side_by_side(blocks: Sequence[Floats]) -> list[list[float]]:
        rows = []
        for i, block in enumerate(blocks):
            wide = np.zeros((len(block), edges[-1]))
            wide[:, edges[i] : edges[i + 1]] = block
            rows += wide.tolist()
        return rows

    result = paired_tallies.compare(side_by_side(first), side_by_side(second), cases, combine, seed=seed)
    assert result is not None
    return result


def _bounded(result: Comparison, bounds: Interval | None, drawn: Floats) -> Comparison:
    low, high = bounds or (None, None)
    spread = float(drawn.std())
    visible = paired.visible_from(spread) if spread > 1e-12 else None
    return msgspec.structs.replace(result, low=low, high=high, visible=visible)


def _gaps(each: Gold, first: Floats, second: Floats, seed: int, place: int) -> Floats:
    both = np.hstack([first, second])
    width, classes = first.shape[1], len(each.labels)
    rows = drawn_sums(both, each.gold, each.cases, seed=seed, place=place)
    return f1_of_rows(rows[:, width:], classes) - f1_of_rows(rows[:, :width], classes)


def _counts(each: Gold, answers: Answers) -> Floats:
    return tallies(each.gold, answers.predicted, len(each.labels))


def _over_sets(drawn: Sequence[Floats], gold: Sequence[Gold], *, share: bool = True) -> Interval | None:
    fewest = min(degrees(each.gold, each.cases) for each in gold)
    return interval(np.mean(drawn, axis=0), fewest, share=share)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
