"""Macro-F1: F1 of each class, each class counting the same, over a list of classes that the questions fix.

The classes are the options where all questions have the same ones, or yes and no where the right answer is one of
them; never the classes that happen to occur, by which the score moves by twenty points.  A class without a single
question or prediction has F1 0, as in scikit-learn with `labels` given and `zero_division=0`.  An answer that cannot
be read is a miss of its class.  Intervals draw cases so that no draw loses a class (`statistics.strata`).  This module
knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medgpt_cli.evaluation.exact_match import YES_NO, is_closed, normalise
from medgpt_cli.evaluation.items import Item, Kind
from medgpt_cli.evaluation.measures.measure import Measure, Row, Tally
from medgpt_cli.evaluation.scoring import read

SUPPORT = slice(1, None, 3)
"""Where the counts of right answers of each class stand among hits, right answers and predictions."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class.

    Attributes:
        label: The class, in the form in which answers are compared.
        f1: Harmonic mean of precision and recall, 0 to 1.
        support: The number of questions of this class.
        predicted: The number of answers that name it.
    """

    label: str
    f1: float
    support: int
    predicted: int


def classes(item: Item) -> tuple[str, ...]:
    """The classes an answer to this item chooses among, sorted; none where it does not choose among classes."""
    if item.kind is Kind.CHOICE:
        labels = {normalise(text) for _, text in item.options}
        return tuple(sorted(labels)) if len(labels) == len(item.options) else ()
    return YES_NO if item.kind is Kind.SHORT and is_closed(item.golds) else ()


def by_class(items: Sequence[Item], rows: Sequence[Row]) -> list[ClassScore]:
    """F1 and support of each class over logged rows; none where the items do not share their classes."""
    labels = next((labels for item in items if (labels := classes(item))), ())
    tallies = MACRO_F1.tallies(rows)
    if _unsuited(items) or not tallies:
        return []
    counts = [sum(column) for column in zip(*tallies, strict=True)]
    return [
        ClassScore(label, _f1(hits, support, predicted), int(support), int(predicted))
        for label, hits, support, predicted in zip(
            labels, counts[0::3], counts[1::3], counts[2::3], strict=True
        )
    ]


def _label(item: Item, answer: str) -> str:
    """The class an answer names: a letter stands for its option."""
    return normalise(dict(item.options).get(answer, "") if item.options else answer)


def _tally(item: Item, text: str) -> Tally:
    gold, answer = _label(item, item.golds[0]), _label(item, read(item, text))
    return tuple(
        float(count)
        for label in classes(item)
        for count in (label == gold == answer, label == gold, label == answer)
    )


def _f1(hits: float, support: float, predicted: float) -> float:
    return 2 * hits / (support + predicted) if support + predicted else 0.0


def _combine(counts: Sequence[float]) -> float:
    scores = [_f1(*counts[at : at + 3]) for at in range(0, len(counts), 3)]
    return sum(scores) / len(scores)


def _unsuited(items: Sequence[Item]) -> str:
    found = {labels for item in items if (labels := classes(item))}
    return "the questions do not share one list of classes" if len(found) > 1 else ""


MACRO_F1 = Measure(
    "macro_f1",
    1,
    "mean of F1 over the classes",
    tally=_tally,
    combine=_combine,
    held=SUPPORT,
    applies=lambda item: bool(classes(item)),
    unsuited=_unsuited,
)
