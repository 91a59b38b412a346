"""Scores reports by what was extracted from them: each metric a number, or the reason why there is none.

A metric is computed over every report it was asked for or not at all: one report without its row, and the answer is
`NotComputed`.  This module knows nothing of models; it needs nothing but NumPy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import NotThere, UsageError
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.evaluation.reports.catalogue import METRICS, ReportMetric
from medgpt_cli.evaluation.reports.keys import Pair, pairs, reports
from medgpt_cli.evaluation.reports.parts import PARTS
from medgpt_cli.evaluation.reports.results import Lacking, MetricResult, NotComputed, Scores
from medgpt_cli.evaluation.reports.rows import Header, judgement_key
from medgpt_cli.evaluation.reports.tables import Table

Outcome = MetricResult | NotComputed


def score(
    candidates: Sequence[str],
    references: Sequence[str],
    clusters: Sequence[str],
    extracted: Path | None,
    metrics: Iterable[str],
) -> list[Outcome]:
    """Scores what a model wrote against what radiologists wrote.

    Args:
        candidates: The model's reports; an answer that failed is an empty text, never left out.
        references: The radiologists', as many.
        clusters: What each report clusters by (patient, study), as many.
        extracted: Folder of extraction files, as `medgpt eval extract` writes it; None where there is none.
        metrics: Names in `METRICS`.

    Returns:
        One outcome for each name, in order.

    Raises:
        UsageError: A name is unknown.
        BadRecord: An extraction file is damaged.
        ValueError: The three are not equally many.
    """
    chosen = [find(name) for name in metrics]
    asked = pairs(candidates, references)
    if len(clusters) != len(asked):
        raise ValueError("as many clusters as reports are needed")
    opened: dict[str, Table[Any] | NotThere] = {}
    return [_outcome(metric, asked, clusters, extracted, opened) for metric in chosen]


def find(name: str) -> ReportMetric:
    """A metric by its name.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in METRICS:
        repair = did_you_mean(name, METRICS) or "one of " + ", ".join(METRICS)
        raise UsageError(f"{name} is no report metric", repair=repair)
    return METRICS[name]


def _outcome(
    metric: ReportMetric,
    asked: Sequence[Pair],
    clusters: Sequence[str],
    extracted: Path | None,
    opened: dict[str, Table[Any] | NotThere],
) -> Outcome:
    try:
        if not asked:
            raise Lacking("there are no reports")
        tables = {kind: _table(kind, asked, extracted, opened) for kind in metric.needs}
        scores = metric.compute(asked, tables, clusters)
    except Lacking as lacking:
        return NotComputed(metric.name, lacking.why, lacking.repair)
    return _result(metric, scores, clusters, [tables[kind].header for kind in metric.needs])


def _result(
    metric: ReportMetric, scores: Scores, clusters: Sequence[str], headers: Sequence[Header]
) -> MetricResult:
    kept = tuple(c for number, c in enumerate(clusters) if number not in scores.left_out)
    return MetricResult(
        metric=metric.name,
        version=metric.version,
        value=scores.over(range(len(kept))),
        better=metric.better,
        clusters=kept,
        over=scores.over,
        held=scores.held,
        per_report=() if scores.per_report is None else tuple(scores.per_report.tolist()),
        protocol=" + ".join(read_by(header) for header in headers),
        notes=scores.notes,
    )


def read_by(header: Header) -> str:
    """Who read the reports, such as `radgraph-xl (radgraph 0.1.18)` or `tokens of distil@1f3a… layer 5`."""
    model = f"{header.model}@{header.model_sha256[:8]}" if header.model_sha256 else header.model
    settings = "".join(f", {name} {value}" for name, value in sorted(header.settings.items()))
    return f"{header.kind} by {model} ({header.extractor}{settings})"


def _table(
    kind: str, asked: Sequence[Pair], extracted: Path | None, opened: dict[str, Table[Any] | NotThere]
) -> Table[Any]:
    part = PARTS[kind]
    if extracted is None:
        raise Lacking("nothing has been extracted from the reports", part.repair)
    if kind not in opened:
        try:
            opened[kind] = Table(extracted / part.file, part.row)
        except NotThere as absent:
            opened[kind] = absent
    table = opened[kind]
    if isinstance(table, NotThere):
        raise Lacking(f"{part.file} is not in {extracted}", part.repair)
    lacking = sum(key not in table for key in _keys(kind, asked))
    if lacking:
        what = "pairs" if kind == "judgements" else "reports"
        raise Lacking(
            f"{lacking:,} of the {what} have no row in {extracted / part.file}",
            f"extract them too: {part.repair}",
        )
    return table


def _keys(kind: str, asked: Sequence[Pair]) -> set[str]:
    """The rows a metric will ask for; a blank report needs none."""
    if kind == "judgements":
        return {judgement_key(c.key, r.key) for c, r in asked if not c.blank}
    return {report.key for report in reports(asked) if not report.blank}
