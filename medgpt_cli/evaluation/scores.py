"""The shapes of a score: a share of one group of questions, the value of one measure, and all of one task.

Every number stands beside its count, its interval and what the interval rests on; what could not be computed has
no number but a reason.  This module counts nothing.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from medgpt_cli.evaluation.statistics.calibration import Calibration
from medgpt_cli.evaluation.statistics.probes import Effect
from medgpt_cli.evaluation.statistics.subgroups import Gap, Subgroup

Interval = Literal["wilson", "cluster bootstrap", "none"]
"""How the bounds of a value were found: `wilson` for a share of independent answers, `cluster bootstrap` over
patients, studies or images where answers share them, or where the value is no share."""

Distribution = Literal["in", "out", "unknown"]
"""Whether the task's own training split or its source stood in the model's training data."""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """The score of one group of questions; every share stands beside its count.

    Attributes:
        group: The group's name, or `all`.
        n: Questions.
        k: Right answers; None where answers are reports, which are not right or wrong.
        accuracy: k / n.
        low: Lower bound of the 95 % interval of `accuracy`.
        high: Upper bound.
        interval: How the bounds were found.
        parsed: Answers that could be read.
        parse_rate: parsed / n.
        accuracy_parsed: k / parsed; None when nothing could be read.
        truncated: Answers that reached the token limit.
        truncation_rate: truncated / n.
        errors: Questions whose asking failed.
        error_rate: errors / n.
        majority_k: Right answers of the majority baseline.
        majority: majority_k / n.
        clusters: Distinct patients, studies or images; where fewer than n, answers are not independent.
        mean_tokens: Tokens written per answer.
    """

    group: str
    n: int
    k: int | None
    accuracy: float | None
    low: float | None
    high: float | None
    interval: Interval
    parsed: int
    parse_rate: float
    accuracy_parsed: float | None
    truncated: int
    truncation_rate: float
    errors: int
    error_rate: float
    majority_k: int | None
    majority: float | None
    clusters: int
    mean_tokens: float


class MeasureScore(msgspec.Struct, frozen=True, kw_only=True):
    """What one measure says of a task.

    Attributes:
        name: As in the registry.
        version: Of its rule; a changed rule has another.
        value: Over all items, unanswered ones included.
        low: Lower bound of the 95 % interval; None where there is none.
        high: Upper bound.
        n: Items it is taken over.
        interval: How the bounds were found.
        better: Which end of the scale is the good one.
    """

    name: str
    version: int | str
    value: float
    low: float | None
    high: float | None
    n: int
    interval: Interval
    better: Literal["higher", "lower"]


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a task stood in the model's recorded training data.

    Attributes:
        known: Whether all recorded training data was at hand as it was trained on.
        seen: Items that were met; at least so many where not all data was at hand, None where none was.
        reasons: Items by the surest reason they were met for.
        why: Where not known, what is missing.
        start: What the first recorded run started from, whose own training data nobody recorded here; empty where it
            started from nothing.
    """

    known: bool
    seen: int | None
    reasons: dict[str, int]
    why: str
    start: str


class TaskScore(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of one task, with everything that must stand beside them.

    Attributes:
        task: The task's name.
        version: Of its declaration.
        kind: What form of answer was asked for: choice, short or report.
        protocol: The protocol line.
        data_hash: SHA-256 of the task's data.
        majority_from: What the majority baseline was fitted on, in words.
        headline: Name of the measure that is the task's headline.
        measures: The headline first.
        not_computed: By the name of a measure that was asked for and could not be computed, the reason.
        overall: Over all questions.
        clean: Over those that no training record was found to meet; None where all were, or nothing is known.
        groups: Per source, in the order of the file; empty where there is only one.
        exposure: How much of it the model was trained on.
        distribution: Whether the model was trained on the task's own training split or source.
        subgroups: For each facet that splits the items, a line for each of its values.
        gaps: The best against the worst group of each facet, of those large enough.
        calibration: How far the model's confidence can be believed; None where options were not weighed.
        effect: For a probe, what it did to the score of the plain task; else None.
    """

    task: str
    version: int
    kind: str
    protocol: str
    data_hash: str
    majority_from: str
    headline: str
    measures: tuple[MeasureScore, ...]
    not_computed: dict[str, str]
    overall: Score
    clean: Score | None
    groups: tuple[Score, ...]
    exposure: Exposure
    distribution: Distribution
    subgroups: tuple[Subgroup, ...]
    gaps: tuple[Gap, ...]
    calibration: Calibration | None
    effect: Effect | None = None
