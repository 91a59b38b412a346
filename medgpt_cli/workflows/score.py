"""Score answers that were made elsewhere, by the code that scores our own, into the folder of an evaluation.

Everything that can be wrong with the answers is told at once, before anything is written.  Nothing here takes long,
so a killed run is simply begun again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.core import console, files, rundir
from medgpt_cli.core.errors import BadRecord, NotThere, UsageError
from medgpt_cli.core.manifest import file_hashes, write_manifest
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation.answers_file import AnsweredElsewhere, AnswersFile, mismatches
from medgpt_cli.evaluation.hashes import Hashes
from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.measures import MEASURES
from medgpt_cli.evaluation.outcomes import SampleLog
from medgpt_cli.evaluation.reports import METRICS
from medgpt_cli.evaluation.runner import run_task
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows import eval_record
from medgpt_cli.workflows.answers import read_answers
from medgpt_cli.workflows.eval_backing import Answering
from medgpt_cli.workflows.eval_page import refuse_names
from medgpt_cli.workflows.eval_scores import REPORT_METRICS, scored
from medgpt_cli.workflows.eval_settings import Backing, EvalSettings, Keeping, settings_of
from medgpt_cli.workflows.naming import named_model
from medgpt_cli.workflows.score_reports import with_report_metrics
from medgpt_cli.workflows.task_files import read_tasks

PLACES_SHOWN = 5
NO_LIKELIHOODS = "needs likelihoods, which a file of answers does not hold"


@dataclass(frozen=True)
class Wanted:
    """What is scored, and by what.

    Attributes:
        task: A task's name or file.
        answers: The file of answers.
        data: Folder the public sets lie in or below.
        model: The model that gave the answers, where it is here: its training data are compared.
        name: What it is called, where it is not.
        metrics: Measures and report metrics beside the task's own.
        extracted: Folder of extractions.
    """

    task: str
    answers: Path
    data: str | None = None
    model: str | None = None
    name: str | None = None
    metrics: tuple[str, ...] = ()
    extracted: Path | None = None


def score_answers(wanted: Wanted, keeping: Keeping, *, json: bool = False) -> None:
    """Scores a file of answers.

    Args:
        wanted: What is scored.
        keeping: What is kept, and where.
        json: Print the scores as one JSON document.

    Raises:
        UsageError: Words that mean nothing together, or a metric that does not exist.
        NotThere: The task's data, the answers or the extractions are not there.
        BadRecord: Answers or questions cannot be used; all of them are told.
    """
    if wanted.model is not None and wanted.name is not None:
        raise UsageError(
            "the model is named twice", repair="give --model where it is here, else --model-name"
        )
    flags = {"--task": [wanted.task], "--data DIR": wanted.data}
    keeping = replace(keeping, overlap=wanted.model is not None)
    settings = settings_of(None, (), flags, Backing(), keeping)
    reports = _report_metrics(wanted)
    [read] = read_tasks([wanted.task], settings.task_settings)
    task = _task(read, wanted, reports)
    refuse_names(keeping, [task])
    answers = _answers(wanted.answers, task)
    asked: dict[str, Any] = {
        **eval_record.asked(settings, [task], wanted.model or wanted.name or str(wanted.answers)),
        "model_hash": named_model(wanted.model).hash() if wanted.model is not None else None,
        "answers": files.sha256_file(wanted.answers),
        "report_metrics": list(reports),
        "extracted": file_hashes(wanted.extracted) if wanted.extracted else None,
    }
    run = RunFolder.open(
        keeping.out or rundir.dated("eval"), resume=keeping.resume, force=keeping.force, kind="eval"
    )
    try:
        console.log_to(run.log)
        eval_record.refuse_other(run, asked, [task])
        if run.done:
            console.say(f"{run.path} had already finished.")
        else:
            _tell(task, answers, wanted.answers)
            _score(run, settings, asked, task, answers, reports, wanted.extracted)
        eval_record.tell(run, as_json=json)
    finally:
        console.log_to(None)
        run.close()


def _score(
    run: RunFolder,
    settings: EvalSettings,
    asked: dict[str, Any],
    task: Task,
    answers: AnswersFile,
    reports: Sequence[str],
    extracted: Path | None,
) -> None:
    hashes = Hashes(asked["model_hash"], asked["answers"])
    answering = Answering(hashes, answers, {"answers": "from a file"})
    write_manifest(run.path, {"kind": "eval", "notice": NOTICE, "asked": asked, **hashes.document})
    (run.path / eval_record.SAMPLES).unlink(missing_ok=True)  # of a killed run; it costs nothing again
    log = SampleLog(run.path / eval_record.SAMPLES)
    run_task(task, answers, log, keep_text=settings.keeping.text)
    [score], rows = scored([task], log, None, settings, asked["model"])
    if task.kind is Kind.REPORT and reports:
        score, rows, words = with_report_metrics(task, answers.texts, score, rows, reports, extracted)
        answering.words.update(words)
    log.settle(rows)
    eval_record.end(run, settings, [task], asked, answering, [score], rows)


def _report_metrics(wanted: Wanted) -> tuple[str, ...]:
    """Those that are asked for by name, or all where extractions are named."""
    for name in wanted.metrics:
        if name not in METRICS and name not in MEASURES:
            meant = did_you_mean(name, [*METRICS, *MEASURES])
            raise UsageError(
                f"there is no metric {name}",
                repair=meant or f"one of {', '.join([*MEASURES, *METRICS])}",
            )
    if wanted.extracted is not None and not wanted.extracted.is_dir():
        raise NotThere(
            "there is no such folder", where=str(wanted.extracted), repair="medgpt eval extract makes it"
        )
    named = tuple(dict.fromkeys(name for name in wanted.metrics if name in METRICS))
    return named or (REPORT_METRICS if wanted.extracted is not None else ())


def _task(task: Task, wanted: Wanted, reports: Sequence[str]) -> Task:
    if task.choices_by == "likelihood":
        raise UsageError(
            f"{task.name} {NO_LIKELIHOODS}",
            repair="score the model itself: medgpt eval run",
        )
    if reports and task.kind is not Kind.REPORT:
        flag = f"--metric {reports[0]}" if wanted.metrics else "--extracted"
        raise UsageError(f"{flag} is for reports, and {task.name} asks for none", repair="leave it out")
    more = [name for name in wanted.metrics if name in MEASURES]
    if weighed := [name for name in more if MEASURES[name].by_likelihood]:
        raise UsageError(f"--metric {weighed[0]} {NO_LIKELIHOODS}", repair="leave it out")
    measures = dict.fromkeys([*task.measures, *more])
    kept = tuple(name for name in measures if not MEASURES[name].by_likelihood)
    return AnsweredElsewhere.of(replace(task, measures=kept))


def _answers(path: Path, task: Task) -> AnswersFile:
    answers, complaints = read_answers(path, task.name)
    lines = len(answers) + len({complaint.where.split(" ")[0] for complaint in complaints})
    complaints += mismatches(task.items, answers)
    if complaints:
        bad = len({complaint.where.split(" ")[0] for complaint in complaints})
        raise BadRecord(
            f"{bad} of {counted(lines, 'answer')} cannot be used",
            where=str(path),
            repair=f"an answer's id is its question's in {task.items[0].place.file}, or line-N without one",
            complaints=complaints,
        )
    if not answers:
        raise BadRecord(
            f"holds no answer to {task.name}",
            where=str(path),
            repair='write {"id": …, "answer": …} on each line',
        )
    return AnswersFile(task.items, answers)


def _tell(task: Task, answers: AnswersFile, path: Path) -> None:
    if answers.missing:
        console.warn(
            f"{answers.missing:,} of {counted(len(task.items), 'question')} without an answer in {path}, "
            "counted as wrong"
        )
    if answers.empty:
        places = ", ".join(map(str, answers.empty[:PLACES_SHOWN]))
        more = ", …" if len(answers.empty) > PLACES_SHOWN else ""
        console.warn(
            f"answers that are empty, and count as wrong: {len(answers.empty)} ({places}{more})"
        )
