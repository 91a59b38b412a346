"""Our scores beside published ones, with the warning that protocols differ.

There is no difference and no verdict here: the published models' answers are not at hand, and their protocols are not
ours.  This module knows nothing of comparisons between runs of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from medgpt_cli.core.errors import InputError, UsageError
from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation import published
from medgpt_cli.evaluation.statistics.paired import visible_difference
from medgpt_cli.evaluation.statistics.tables import between, number
from medgpt_cli.workflows.compare_tables import Sheet
from medgpt_cli.workflows.eval_runs import EvalRun

HEADERS = ("model", "measure", "score", "95 %", "items", "from")


def beside(runs: Sequence[EvalRun], name: str) -> tuple[Sheet, dict[str, Any]]:
    """The scores of the tasks that a set's published numbers are about, and those numbers.

    Args:
        runs: Ours.
        name: A task or a set of which there are published numbers.

    Returns:
        The table, and the same as a document.

    Raises:
        UsageError: No published number of it is recorded.
        InputError: No run scored it.
    """
    rows = published.rows(name)
    about = rows[0].set
    ours = [(run, score) for run in runs for task, score in run.scores.items() if _set_of(task) == about]
    if not ours:
        tasks = sorted({task for run in runs for task in run.scores})
        raise InputError(
            f"no run here scored {about}; they scored {', '.join(tasks)}",
            repair="medgpt eval list names the tasks",
        )
    cells = [
        (
            run.model,
            measure.name,
            number(measure.value),
            between(measure.low, measure.high),
            str(measure.n),
            f"{run.name}, {score.task}",
        )
        for run, score in ours
        for measure in score.measures
    ]
    cells += [(row.model, row.metric, _share(row), "-", "-", row.source) for row in rows]
    notes = [published.PROTOCOLS_DIFFER]
    notes += [f"{run.name}: {score.protocol}" for run, score in ours]
    notes += list(dict.fromkeys(f"{row.source}, {row.table}: {row.protocol}" for row in rows))
    noted: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.note:
            noted.setdefault((row.source, row.note), []).append(row.model)
    notes += [
        f"{source}, {', '.join(dict.fromkeys(models))}: {note}"
        for (source, note), models in noted.items()
    ]
    counts = {measure.n for _, score in ours for measure in score.measures[:1]}
    notes += [
        f"even under one protocol {counted(n, 'question')} could not show a difference in accuracy below "
        f"{visible_difference(n):.3f}"
        if visible_difference(n) < 1
        else f"even under one protocol so few questions ({n}) could show no difference in accuracy"
        for n in sorted(counts)
    ]
    document = {
        "set": about,
        "warning": published.PROTOCOLS_DIFFER,
        "ours": [
            {"run": run.name, "model": run.model, **msgspec.to_builtins(score)} for run, score in ours
        ],
        "published": [{**msgspec.to_builtins(row), "share": row.share} for row in rows],
    }
    return Sheet(HEADERS, cells, notes), document


def _set_of(task: str) -> str:
    try:
        return published.rows(task)[0].set
    except UsageError:
        return ""


def _share(row: published.Row) -> str:
    # As many digits as were published.
    digits = len(f"{row.value:g}".partition(".")[2]) + (2 if row.scale == 100 else 0)
    return f"{row.share:.{max(3, digits)}f}"
