"""From the rows of a task to its score: shares and measures with intervals, per group and overall.

The headline is over *all* questions: what was cut, failed or could not be read is wrong.  Accuracy over the parsed
ones stands beside it and is never the headline.  Intervals are Wilson's for a share of independent answers; where
answers share a patient, study or image, whole cases are drawn again.  This module knows nothing of models or files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from medgpt_cli.evaluation.exposure import UNKNOWN, exposure_of
from medgpt_cli.evaluation.hashes import Hashes
from medgpt_cli.evaluation.intervals import Interval, wilson
from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.majority import Majority
from medgpt_cli.evaluation.measures import MEASURES, Measure, not_computed
from medgpt_cli.evaluation.outcomes import Outcome, Status
from medgpt_cli.evaluation.scores import Distribution, Exposure, MeasureScore, Score, TaskScore
from medgpt_cli.evaluation.scores import Interval as HowFound
from medgpt_cli.evaluation.statistics import calibration, subgroups
from medgpt_cli.evaluation.statistics.clustered import bootstrap_mean, bootstrap_tallies
from medgpt_cli.evaluation.tasks.task import Task

OVERALL, CLEAN = "all", "not met in training"
MOST_GROUPS = 40
"""Groups of a facet from which it is no table any more but a list of cases."""

Bounded = tuple[HowFound, Interval | None]
Pair = tuple[Outcome, bool]
"""An outcome, and whether the majority answer was right."""


def summarise(
    task: Task,
    outcomes: Sequence[Outcome],
    majority: Majority,
    *,
    exposure: Exposure | None = None,
    distribution: Distribution = "unknown",
    missing: Mapping[str, str] | None = None,
) -> TaskScore:
    """Counts the outcomes of a task.

    Args:
        task: The task, with at least one item.
        outcomes: One for each item, in order.
        majority: The baseline.
        exposure: How much of the task the model was trained on; nothing is known when None.
        distribution: Whether it was trained on the task's own training split or source.
        missing: Measures that could not be computed for want of something, by name, with the line that says what.
    """
    pairs = [(row, majority.is_right(item)) for row, item in zip(outcomes, task.items, strict=True)]
    names = list(dict.fromkeys(row.group for row in outcomes))
    groups = [_score(name, [pair for pair in pairs if pair[0].group == name]) for name in names]
    reasons = dict(missing or {}) | not_computed(task.items, task.measures)
    measured = []
    for name in task.measures:
        found = None if name in reasons else _measured(MEASURES[name], outcomes)
        if found is not None:
            measured.append(found)
        else:
            reasons.setdefault(name, "no answer has a value of it")
    exposure = exposure or exposure_of([UNKNOWN] * len(outcomes), "nothing was compared")
    clean = [pair for pair in pairs if not pair[0].seen]
    split_by = _facets(outcomes)
    measure = task.measures[0] if task.kind is Kind.REPORT else None
    hide = task.access == "credentialed"
    tables = [subgroups.table(outcomes, facet, measure=measure, hide=hide) for facet in split_by]
    better = MEASURES[measure].better if measure else "higher"
    gaps = [subgroups.gap(outcomes, lines, measure=measure, better=better) for lines in tables if lines]
    return TaskScore(
        task=task.name,
        version=task.version,
        kind=task.kind.value,
        protocol=task.protocol,
        data_hash=task.data_hash,
        majority_from=majority.source,
        headline=task.measures[0],
        measures=tuple(measured),
        not_computed=reasons,
        overall=_score(OVERALL, pairs),
        clean=_score(CLEAN, clean) if exposure.known and clean else None,
        groups=tuple(groups) if len(groups) > 1 else (),
        exposure=exposure,
        distribution=distribution,
        subgroups=tuple(line for lines in tables for line in lines),
        gaps=tuple(gap for gap in gaps if gap is not None),
        calibration=calibration.of(outcomes),
    )


def _facets(outcomes: Sequence[Outcome]) -> list[str]:
    def groups(facet: str) -> int:
        return len({row.facets.get(facet) for row in outcomes})

    return [facet for facet in subgroups.facets(outcomes) if groups(facet) <= MOST_GROUPS]


def _bounded(values: Sequence[float], clusters: Sequence[str]) -> Bounded:
    """The interval of a mean: Wilson's where answers are independent and right or wrong."""
    if len(set(clusters)) == len(values) and all(value in (0, 1) for value in values):
        return "wilson", wilson(sum(values), len(values))
    found = bootstrap_mean(values, clusters)
    return ("cluster bootstrap", found) if found else ("none", None)


def _measured(measure: Measure, outcomes: Sequence[Outcome]) -> MeasureScore | None:
    rows = [row for row in outcomes if measure.score([row.measures]) is not None]
    value = measure.score([row.measures for row in rows])
    if value is None:
        return None
    clusters = [row.cluster for row in rows]
    how, bounds = (
        _combined(measure, rows, clusters)
        if measure.combine
        else _bounded([row.measures[measure.name] for row in rows], clusters)
    )
    low, high = bounds or (None, None)
    return MeasureScore(
        name=measure.name,
        version=measure.version,
        value=value,
        low=low,
        high=high,
        n=len(rows),
        interval=how,
        better=measure.better,
    )


def _combined(measure: Measure, rows: Sequence[Outcome], clusters: Sequence[str]) -> Bounded:
    """The interval of a measure over the whole table, from counts that add up."""
    counts = measure.tallies([row.measures for row in rows])
    if measure.combine is None:
        return "none", None
    found = bootstrap_tallies(counts, clusters, measure.combine, held=measure.held)
    return ("cluster bootstrap", found) if found else ("none", None)


def _score(group: str, pairs: Sequence[Pair]) -> Score:
    rows = [row for row, _ in pairs]
    n = len(rows)
    parsed = sum(row.parsed for row in rows)
    truncated = sum(row.status is Status.TRUNCATED for row in rows)
    errors = sum(row.status is Status.ERROR for row in rows)
    clusters = [row.cluster for row in rows]
    judged = any(row.kind != Kind.REPORT for row in rows)
    k = sum(row.correct for row in rows) if judged else None
    guessed = sum(right for _, right in pairs) if judged else None
    how, bounds = _bounded([float(row.correct) for row in rows], clusters) if judged else ("none", None)
    low, high = bounds or (None, None)
    return Score(
        group=group,
        n=n,
        k=k,
        accuracy=None if k is None else k / n,
        low=low,
        high=high,
        interval=how,
        parsed=parsed,
        parse_rate=parsed / n,
        accuracy_parsed=k / parsed if parsed and k is not None else None,
        truncated=truncated,
        truncation_rate=truncated / n,
        errors=errors,
        error_rate=errors / n,
        majority_k=guessed,
        majority=None if guessed is None else guessed / n,
        clusters=len(set(clusters)),
        mean_tokens=sum(row.tokens for row in rows) / n,
    )


def as_document(scores: Sequence[TaskScore], model: str, hashes: Hashes) -> dict[str, Any]:
    """The document of `scores.json`."""
    return {"model": model, **hashes.document, "tasks": msgspec.to_builtins(list(scores))}
