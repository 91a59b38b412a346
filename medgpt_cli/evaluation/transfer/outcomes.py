"""What towers answered on the test pictures of classification sets, and the scores that come of it.

Macro-F1 is taken over the set's fixed list of classes, a class without pictures or answers counting 0, for each seed
by itself; the score is the mean over seeds.  Intervals draw whole cases of each class anew, all seeds together, so they
hold what another test set would change and not what another training set would.  This module knows nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from medgpt_cli.evaluation.intervals import Interval
from medgpt_cli.evaluation.measures.macro_f1 import MACRO_F1
from medgpt_cli.evaluation.statistics import clustered
from medgpt_cli.evaluation.transfer.drawing import degrees, drawn_sums, interval

Floats = NDArray[np.float64]


class Gold(msgspec.Struct, frozen=True, kw_only=True):
    """One set as far as scores need it.

    Attributes:
        name: Of the set.
        labels: Its classes.
        gold: The right class of each test picture.
        cases: The patient or picture each belongs to.
    """

    name: str
    labels: tuple[str, ...]
    gold: tuple[int, ...]
    cases: tuple[str, ...]


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What one tower answered on one set in one mode.

    Attributes:
        tower: Its name.
        set: The set's name.
        mode: `probe` or `finetune`.
        predicted: For each seed the class of each test picture.
    """

    tower: str
    set: str
    mode: str
    predicted: tuple[tuple[int, ...], ...]


class ClassF1(msgspec.Struct, frozen=True):
    """One class, over all seeds."""

    label: str
    f1: float
    support: int


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """One tower on one set, or over all of them.

    Attributes:
        tower: Its name.
        set: The set's name, or `mean`.
        mode: `probe` or `finetune`.
        macro_f1: Mean over seeds.
        low: Lower bound of its 95 % interval; None where the data cannot say.
        high: Upper bound.
        accuracy: Mean over seeds.
        accuracy_low: Lower bound.
        accuracy_high: Upper bound.
        n: Test pictures.
        cases: Patients or pictures among them.
        by_seed: Macro-F1 of each seed.
        classes: Each class; none for the mean over sets.
    """

    tower: str
    set: str
    mode: str
    macro_f1: float
    low: float | None
    high: float | None
    accuracy: float
    accuracy_low: float | None
    accuracy_high: float | None
    n: int
    cases: int
    by_seed: list[float]
    classes: list[ClassF1] = []


def macro_f1(gold: Sequence[int], predicted: Sequence[int], classes: int) -> float:
    """Macro-F1 over a fixed number of classes, as scikit-learn has it with `labels` given and `zero_division=0`."""
    return f1_of_counts(tallies(gold, [predicted], classes).sum(axis=0).tolist(), classes)


def f1_of_counts(counts: Sequence[float], classes: int) -> float:
    """The mean over seeds of macro-F1, from summed counts as `tallies` orders them."""
    step = 3 * classes
    found = [_macro(counts[at : at + step]) for at in range(0, len(counts), step)]
    return sum(found) / len(found)


def f1_of_rows(rows: Floats, classes: int) -> Floats:
    """`f1_of_counts` of each of many rows at once."""
    hits, support, answered = np.moveaxis(rows.reshape(len(rows), -1, classes, 3), 3, 0)
    both = support + answered
    found: Floats = np.divide(2 * hits, both, out=np.zeros_like(both), where=both > 0).mean(axis=(1, 2))
    return found


def _macro(counts: Sequence[float]) -> float:
    assert MACRO_F1.combine is not None
    value = MACRO_F1.combine(counts)
    assert value is not None
    return value


def tallies(gold: Sequence[int], predicted: Sequence[Sequence[int]], classes: int) -> Floats:
    """What adds up over pictures: for each seed and class hit, right class and answer; (N, seeds x classes x 3)."""
    right = np.eye(classes)[list(gold)]
    columns = []
    for each in predicted:
        answer = np.eye(classes)[list(each)]
        columns.append(np.stack([right * answer, right, answer], axis=2).reshape(len(right), -1))
    return np.concatenate(columns, axis=1)


def score(tested: Gold, answers: Answers, *, seed: int = 0) -> Scored:
    """One tower on one set.

    Args:
        tested: The set.
        answers: What the tower answered, one class a test picture and seed.
        seed: Of the draws.
    """
    classes = len(tested.labels)
    counts = tallies(tested.gold, answers.predicted, classes)
    whole = counts.sum(axis=0).tolist()
    drawn = f1_of_rows(drawn_sums(counts, tested.gold, tested.cases, seed=seed), classes)
    bounds = interval(drawn, degrees(tested.gold, tested.cases))
    hits = np.mean([np.equal(tested.gold, each) for each in answers.predicted], axis=0)
    share = clustered.bootstrap_mean(hits.tolist(), tested.cases, seed=seed)
    step = 3 * classes
    return Scored(
        tower=answers.tower,
        set=tested.name,
        mode=answers.mode,
        macro_f1=f1_of_counts(whole, classes),
        **_bounds("", bounds),
        accuracy=float(hits.mean()),
        **_bounds("accuracy_", share),
        n=len(tested.gold),
        cases=len(set(tested.cases)),
        by_seed=[_macro(whole[at : at + step]) for at in range(0, len(whole), step)],
        classes=[
            ClassF1(label, _class_f1(whole, number, classes), int(whole[3 * number + 1]))
            for number, label in enumerate(tested.labels)
        ],
    )


def _class_f1(counts: Sequence[float], number: int, classes: int) -> float:
    found = []
    for at in range(3 * number, len(counts), 3 * classes):
        hit, support, answered = counts[at : at + 3]
        found.append(2 * hit / (support + answered) if support + answered else 0.0)
    return sum(found) / len(found)


def _bounds(name: str, interval: Interval | None) -> dict[str, float | None]:
    low, high = interval or (None, None)
    return {f"{name}low": low, f"{name}high": high}
