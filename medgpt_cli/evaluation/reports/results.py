"""What a report metric comes to: a number with its name, or the reason why there is none.

A metric that lacks a part is `NotComputed`, which is not a number and cannot be averaged, ranked or plotted as 0.  This
module knows nothing of any metric.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Better = Literal["higher", "lower"]

Over = Callable[[Sequence[int] | NDArray[np.int64]], float]
"""The metric over the reports with these numbers (from 0, repeats allowed): what a bootstrap asks again and again."""


@dataclass(frozen=True, slots=True)
class MetricResult:
    """One metric over all reports.

    Attributes:
        metric: Its name, which says the variant.
        version: Of our rule; it rises when the same reports would come out otherwise.
        value: Over all reports of `clusters`.
        better: Which way is good.
        clusters: For each scored report what it clusters by (patient, study); reports that could not be judged are
            not among them and stand in `notes`.
        over: The metric over a choice of reports, by their place in `clusters`.
        per_report: One value for each of `clusters`; empty for a metric that exists only over a corpus.
        held: Whether each of them holds a class, (reports, classes), where classes count alike; else None.
        protocol: Who read the reports and how, for the score's line.
        notes: What a reader of the number should know, one sentence each.
    """

    metric: str
    version: int
    value: float
    better: Better
    clusters: tuple[str, ...]
    over: Over
    per_report: tuple[float, ...] = ()
    held: NDArray[np.bool_] | None = None
    protocol: str = ""
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Reports scored."""
        return len(self.clusters)


@dataclass(frozen=True, slots=True)
class NotComputed:
    """A metric for which something is missing.

    Attributes:
        metric: Its name.
        why: What is missing, in one sentence without clinical text.
        repair: What to put where, or what to type.
    """

    metric: str
    why: str
    repair: str = ""

    def __str__(self) -> str:
        line = f"{self.metric}: not computed, {self.why}"
        return f"{line}; {self.repair}" if self.repair else line


@dataclass(frozen=True, slots=True)
class Scores:
    """What the rule of a metric hands back, before it has a name.

    Attributes:
        over: The metric over a choice of reports.
        per_report: One value for each report; None for a metric that exists only over a corpus.
        notes: As in `MetricResult`.
        left_out: Numbers of the pairs that could not be judged; they are not among the values.
        held: Whether a report holds a class, (reports, classes), where classes count alike; else None.
    """

    over: Over
    per_report: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()
    left_out: frozenset[int] = frozenset()
    held: NDArray[np.bool_] | None = None


class Lacking(Exception):
    """A metric's rule finds that it cannot be computed; `scoring` makes a `NotComputed` of it.

    Args:
        why: What is missing.
        repair: What to do.
    """

    def __init__(self, why: str, repair: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.repair = repair


def mean_of(values: Sequence[float] | NDArray[np.float64], notes: Sequence[str] = ()) -> Scores:
    """The common case: a mean over reports."""
    array = np.asarray(values, dtype=np.float64)
    return Scores(
        lambda chosen: float(array[np.asarray(chosen, dtype=np.int64)].mean()), array, tuple(notes)
    )
