"""Report metrics in an evaluation of our own: what was written, scored by what `eval extract` read of it.

Reports are extracted from a log that kept its texts, so metrics come after the asking: the same folder goes on with
`--resume --extracted DIR`, nothing is asked again, and prompt, decoding and model stay what they were.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.core import console
from medgpt_cli.core.errors import NotThere, UsageError
from medgpt_cli.core.manifest import file_hashes
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.majority import Majority
from medgpt_cli.evaluation.outcomes import Outcome, Status
from medgpt_cli.evaluation.scores import TaskScore
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows import eval_ranks, eval_record
from medgpt_cli.workflows.eval_backing import Answering, as_recorded
from medgpt_cli.workflows.eval_scores import REPORT_METRICS, scored
from medgpt_cli.workflows.eval_settings import EvalSettings, Keeping
from medgpt_cli.workflows.score_reports import with_report_metrics


def refuse_extracted(keeping: Keeping, tasks: Sequence[Task]) -> None:
    """Refuses extractions that say nothing here, before anything is asked.

    Raises:
        UsageError: No task asks for reports, or their texts are not kept.
        NotThere: There is no such folder.
    """
    if keeping.extracted is None:
        return
    if all(task.kind is not Kind.REPORT for task in tasks):
        names = ", ".join(task.name for task in tasks)
        raise UsageError(f"--extracted is for reports, and {names} asks for none", repair="leave it out")
    if not keeping.text:
        raise UsageError(
            "--extracted compares reports, and their texts are not kept", repair="add --keep-text"
        )
    if not keeping.extracted.is_dir():
        raise NotThere(
            "there is no such folder",
            where=str(keeping.extracted),
            repair="medgpt eval extract makes it",
        )


def measured(
    tasks: Sequence[Task],
    scores: Sequence[TaskScore],
    rows: Sequence[Outcome],
    settings: EvalSettings,
    answering: Answering,
) -> tuple[list[TaskScore], list[Outcome], Answering]:
    """The scores and rows with the metrics of reports, and who read the reports beside who answered."""
    folder = settings.keeping.extracted
    if folder is None:
        return list(scores), list(rows), answering
    words: dict[str, Any] = {}
    all_scores, all_rows = [], []
    for task, score in zip(tasks, scores, strict=True):
        own = [row for row in rows if row.task == task.name]
        if task.kind is Kind.REPORT:
            texts = [_written(row) for row in own]
            score, own, found = with_report_metrics(task, texts, score, own, REPORT_METRICS, folder)
            words |= found["reports"]
        all_scores.append(score)
        all_rows += own
    told = {**answering.words, "reports": words, "extracted": file_hashes(folder)}
    return all_scores, all_rows, replace(answering, words=told)


def score_again(
    run: RunFolder,
    settings: EvalSettings,
    asked: dict[str, Any],
    tasks: Sequence[Task],
    majority: Majority | None,
) -> None:
    """Scores a finished folder anew with the metrics of reports; nobody is asked."""
    manifest = json.loads(run.manifest.read_text())
    assert settings.keeping.extracted is not None
    if manifest["answering"].get("extracted") == file_hashes(settings.keeping.extracted):
        console.say(f"{run.path} had already finished.")
        return
    console.say(f"{run.path} had finished; its reports are scored by {settings.keeping.extracted}.")
    run.reopen()
    log = eval_ranks.merged(run.path)
    scores, rows = scored(tasks, log, majority, settings, asked["model"])
    scores, rows, answering = measured(tasks, scores, rows, settings, as_recorded(manifest))
    log.settle(rows)
    eval_record.end(run, settings, tasks, asked, answering, scores, rows)


def tell_next(tasks: Sequence[Task], settings: EvalSettings, again: str, samples: Path) -> None:
    """Says how reports come to their metrics, where that is still to be done."""
    if settings.keeping.extracted is not None or all(task.kind is not Kind.REPORT for task in tasks):
        return
    if settings.keeping.text:
        console.say(
            f"metrics of reports: medgpt eval extract --reports {samples} …, then {again} --extracted=DIR"
        )
    else:
        console.say("metrics of reports need their texts: evaluate with --keep-text")


def _written(row: Outcome) -> str:
    """The report as it was written; nothing where nobody answered."""
    return "" if row.texts is msgspec.UNSET or row.status is Status.ERROR else row.texts.answer
