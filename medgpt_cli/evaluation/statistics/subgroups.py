"""Does it work for everyone: one value for each modality, anatomy, question type, site, sex or age band.

Any facet that the items carry can split a table.  A group of fewer than eleven patients (or images) is flagged: its
number says little about the model and may say something about a person; `hide` takes such numbers out, and with a
single one of them the next smallest too, since it could be had by subtraction.  This module knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec
import numpy as np

from medgpt_cli.evaluation.intervals import Interval, wilson
from medgpt_cli.evaluation.statistics import clustered

SMALL = 11
"""Independent cases from which a group is large enough to be shown without a flag."""

WILSON, BOOTSTRAP, NONE = "wilson", "cluster bootstrap", "none"

NOT_STATED = "not stated"
"""The group of items that do not carry the facet."""


class Row(Protocol):
    """What is read of one answer; the rows of a sample log have it."""

    @property
    def correct(self) -> bool:
        """Whether the answer is right."""

    @property
    def cluster(self) -> str:
        """The patient, study or image."""

    @property
    def facets(self) -> Mapping[str, str]:
        """What tables may be split by."""

    @property
    def measures(self) -> Mapping[str, float]:
        """Values by the measure's name."""


class Subgroup(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a subgroup table.

    Attributes:
        facet: What the table is split by.
        name: The group.
        n: Items; None where hidden.
        clusters: Patients, studies or images; None where hidden.
        value: The mean of the measure; None where hidden.
        low: Lower bound of its 95 % interval; None where there is none.
        high: Upper bound.
        interval: How the bounds were found: `WILSON` for independent right-or-wrong answers, else `BOOTSTRAP`;
            `NONE` where there are none.
        too_small: Whether there are fewer than `SMALL` independent cases.
        hidden: Whether the numbers were taken out.
    """

    facet: str
    name: str
    n: int | None
    clusters: int | None
    value: float | None
    low: float | None
    high: float | None
    interval: str
    too_small: bool
    hidden: bool = False


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """The best group against the worst, of those large enough.

    Both are picked after looking at the values, so a gap above 0 does not by itself show that groups differ.

    Attributes:
        facet: What the table is split by.
        best: Name of the best group.
        worst: Name of the worst.
        value: Their difference, never negative.
        low: Lower bound of its 95 % interval, cases drawn anew; None where there is none.
        high: Upper bound.
    """

    facet: str
    best: str
    worst: str
    value: float
    low: float | None
    high: float | None


def facets(rows: Sequence[Row]) -> list[str]:
    """Names of the facets that split the rows into at least two groups, in order of appearance."""
    names = dict.fromkeys(name for row in rows for name in row.facets)
    return [name for name in names if len({row.facets.get(name, "") for row in rows}) > 1]


def table(
    rows: Sequence[Row], facet: str, *, measure: str | None = None, hide: bool = False, seed: int = 0
) -> list[Subgroup]:
    """One line for each value of a facet, the largest group first.

    Args:
        rows: The answers; one without the facet goes to the group `NOT_STATED`.
        facet: What to split by.
        measure: Name of a per-item measure; whether the answer is right when None.  Rows without it are left out.
        hide: Whether the numbers of groups too small are taken out.
        seed: Of the draws.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if measure is None or measure in row.measures:
            groups.setdefault(row.facets.get(facet) or NOT_STATED, []).append(row)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    lines = [_line(facet, name, group, measure, seed) for name, group in ordered]
    if not hide:
        return lines
    out = {line.name for line in lines if line.too_small}
    if len(out) == 1 and len(lines) > 1:
        out.add([line.name for line in lines if not line.too_small][-1])
    return [_hidden(line) if line.name in out else line for line in lines]


def gap(
    rows: Sequence[Row],
    lines: Sequence[Subgroup],
    *,
    measure: str | None = None,
    better: Literal["higher", "lower"] = "higher",
    seed: int = 0,
) -> Gap | None:
    """The best group against the worst.

    Args:
        rows: The answers, as given to `table`.
        lines: The table of one facet.
        measure: As given to `table`.
        better: Which end of the measure is the good one.
        seed: Of the draws.

    Returns:
        The gap; None where fewer than two groups are large enough.
    """
    known = [(line.value, line.name) for line in lines if not line.too_small and line.value is not None]
    if len(known) < 2:
        return None
    known.sort(reverse=better == "higher")
    (top, best), (bottom, worst) = known[0], known[-1]
    facet = lines[0].facet
    kept = [row for row in rows if measure is None or measure in row.measures]
    values = np.array([_value(row, measure) for row in kept])
    names = np.array([row.facets.get(facet) or NOT_STATED for row in kept])
    inside = [(names == name).astype(float) for name in (best, worst)]
    sums = clustered.per_cluster(
        [row.cluster for row in kept], values * inside[0], inside[0], values * inside[1], inside[1]
    )
    drawn = clustered.resampled(sums, seed=seed, resamples=clustered.RESAMPLES)
    drawn = drawn[(drawn[:, 1] > 0) & (drawn[:, 3] > 0)]
    differences = drawn[:, 0] / drawn[:, 1] - drawn[:, 2] / drawn[:, 3]
    spread = bool(np.ptp(differences) > 1e-12)
    fewest = int(min((sums[:, 1] > 0).sum(), (sums[:, 3] > 0).sum()))
    bounds = clustered.percentiles(differences, fewest) if spread else None
    if bounds and better == "lower":
        bounds = Interval(-bounds.high, -bounds.low)
    low, high = bounds or (None, None)
    return Gap(facet=facet, best=best, worst=worst, value=abs(top - bottom), low=low, high=high)


def _value(row: Row, measure: str | None) -> float:
    return float(row.correct) if measure is None else row.measures[measure]


def _line(facet: str, name: str, rows: Sequence[Row], measure: str | None, seed: int) -> Subgroup:
    values = [_value(row, measure) for row in rows]
    clusters = [row.cluster for row in rows]
    cases = len(set(clusters))
    bounds: Interval | None
    if cases == len(rows) and all(value in (0, 1) for value in values):
        kind, bounds = WILSON, wilson(sum(values), len(values))
    else:
        bounds = clustered.bootstrap_mean(values, clusters, seed=seed)
        kind = BOOTSTRAP if bounds else NONE
    low, high = bounds or (None, None)
    return Subgroup(
        facet=facet,
        name=name,
        n=len(rows),
        clusters=cases,
        value=sum(values) / len(values),
        low=low,
        high=high,
        interval=kind,
        too_small=cases < SMALL,
    )


def _hidden(line: Subgroup) -> Subgroup:
    gone = dict.fromkeys(("n", "clusters", "value", "low", "high"))
    return msgspec.structs.replace(line, **gone, interval=NONE, hidden=True)
