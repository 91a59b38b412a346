"""Report metrics out of extractions, laid beside the other measures of a task: numbers, or why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.core import console
from medgpt_cli.evaluation import reports
from medgpt_cli.evaluation.outcomes import Outcome
from medgpt_cli.evaluation.reports import MetricResult
from medgpt_cli.evaluation.scores import MeasureScore, TaskScore
from medgpt_cli.evaluation.statistics.clustered import bootstrap_mean, bootstrap_statistic
from medgpt_cli.evaluation.tasks.task import Task


def with_report_metrics(
    task: Task,
    texts: Sequence[str],
    score: TaskScore,
    rows: Sequence[Outcome],
    metrics: Sequence[str],
    extracted: Path | None,
) -> tuple[TaskScore, list[Outcome], dict[str, Any]]:
    """Adds report metrics to the score of a task.

    Args:
        task: A task of reports.
        texts: What was written to each item, in order; empty where nothing was.
        score: The task's score so far.
        rows: The row of each item, in order.
        metrics: Names of report metrics.
        extracted: Folder of extractions, or None.

    Returns:
        The score, the rows with each report's own values, and who read the reports, for the manifest.

    Raises:
        BadRecord: An extraction is damaged.
    """
    references = [item.gold for item in task.items]
    clusters = [item.cluster for item in task.items]
    found = reports.score(texts, references, clusters, extracted, metrics)
    measures = [each for each in score.measures if each.name not in metrics]
    missing = {name: why for name, why in score.not_computed.items() if name not in metrics}
    read_by: dict[str, Any] = {}
    rows = list(rows)
    for result in found:
        if not isinstance(result, MetricResult):
            missing[result.metric] = f"{result.why}; {result.repair}" if result.repair else result.why
            continue
        measures.append(_measure(result))
        read_by[result.metric] = {"read_by": result.protocol, "notes": list(result.notes)}
        for note in result.notes:
            console.say(f"{result.metric}: {note}")
        if len(result.per_report) == len(rows):
            rows = [
                msgspec.structs.replace(row, measures={**row.measures, result.metric: value})
                for row, value in zip(rows, result.per_report, strict=True)
            ]
    score = msgspec.structs.replace(score, measures=tuple(measures), not_computed=missing)
    return score, rows, {"reports": read_by}


def _measure(result: MetricResult) -> MeasureScore:
    bounds = (
        bootstrap_mean(result.per_report, result.clusters)
        if result.per_report
        else bootstrap_statistic(result.clusters, result.over, held=result.held)
    )
    return MeasureScore(
        name=result.metric,
        version=result.version,
        value=result.value,
        low=bounds[0] if bounds else None,
        high=bounds[1] if bounds else None,
        n=result.n,
        interval="cluster bootstrap" if bounds else "none",
        better=result.better,
    )
