"""Score a model: read the questions, load once, ask, count, and leave a folder that proves the numbers.

Everything cheap that can be wrong is found before the model is loaded, and every answer is kept as soon as it
is given: a killed evaluation goes on where it stopped.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medgpt_cli.core import console, files, rundir
from medgpt_cli.core.errors import BadRecord, Interrupted, StateSaved, UsageError
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.data.records import read_records
from medgpt_cli.evaluation import summary
from medgpt_cli.evaluation.items import items_from
from medgpt_cli.evaluation.majority import Majority
from medgpt_cli.evaluation.outcomes import Outcome, SampleLog
from medgpt_cli.evaluation.runner import refuse_nothing_answered, run_task
from medgpt_cli.evaluation.scores import TaskScore
from medgpt_cli.evaluation.tasks.task import Task, task_names
from medgpt_cli.workflows import eval_record
from medgpt_cli.workflows.asking import Asking
from medgpt_cli.workflows.own_records import read_questions

if TYPE_CHECKING:
    from medgpt_cli.workflows.loading import LoadedModel


def run_eval(
    *,
    model: str | None,
    tasks: Sequence[str],
    out: Path | None = None,
    limit: int | None = None,
    max_new_tokens: int | None = None,
    keep_text: bool = False,
    resume: bool = False,
    force: bool = False,
    json: bool = False,
    online: bool = False,
    against_majority_of: str | None = None,
    dry_run: bool = False,
) -> None:
    """Scores a model on questions with known answers.

    Args:
        model: How the person named it; None for the newest run, else `tiny`.
        tasks: Record files, prepared sets, or folders of data sets.
        out: The run folder; a dated one under `runs/` when None.
        limit: Ask only that many questions of each task, from the front.
        max_new_tokens: Tokens an answer may take; the model's own limit when None.
        keep_text: Keep questions and answers in the log and the report.
        resume: Start or continue.
        force: Overwrite an earlier evaluation.
        json: Print the scores as one JSON document.
        online: Whether a hub id may be fetched.
        against_majority_of: Training records the majority baseline is fitted on; each task itself when
            None.
        dry_run: Say what would be asked and write nothing.
    """
    if resume and out is None:
        raise UsageError("--resume needs to know which run", repair="name it with --out")
    read = _read_tasks(tasks, limit, max_new_tokens)
    majority = _fitted_on(against_majority_of) if against_majority_of else None

    from medgpt_cli.workflows import loading, naming  # torch, only once the questions are good

    name = model or loading.default_model()
    asked: dict[str, Any] = {
        "model": name,
        "protocols": [task.protocol for task in read],
        "data": {path: task.data_hash for path, task in zip(tasks, read, strict=True)},
        "majority": files.sha256_file(Path(against_majority_of)) if against_majority_of else None,
        "keep_text": keep_text,
    }
    naming.model_folder(name, online=online)
    if dry_run:
        eval_record.tell_plan(read, name, as_json=json)
        return
    run = RunFolder.open(out or rundir.dated("eval"), resume=resume, force=force, kind="eval")
    try:
        console.log_to(run.log)
        eval_record.refuse_other(run, asked)
        if run.done:
            console.say(f"{run.path} had already finished.")
        else:
            if model is None:
                console.say(f"model: {name} (name another with --model)")
            words = {"majority": against_majority_of, "limit": limit, "max-new-tokens": max_new_tokens}
            again = _again(tasks, keep_text, model=name, **words, out=run.path)
            loaded = loading.load_model(name, online=online)
            _evaluate(run, asked, loaded, read, majority, again)
        eval_record.tell(run, as_json=json)
    finally:
        console.log_to(None)
        run.close()


def _evaluate(
    run: RunFolder,
    asked: dict[str, Any],
    loaded: LoadedModel,
    tasks: Sequence[Task],
    majority: Majority | None,
    again: str,
) -> None:
    eval_record.refuse_other(run, asked, loaded.hash)
    eval_record.begin(run, asked, loaded.hash)
    log = SampleLog(run.path / eval_record.SAMPLES)
    outcomes: list[Outcome] = []
    scores: list[TaskScore] = []
    for task in tasks:
        done = _ask(task, loaded, log, asked["keep_text"], again)
        scores.append(summary.summarise(task, done, majority or Majority(task.items, "the task itself")))
        outcomes += done
    log.settle(outcomes)
    eval_record.end(run, asked, loaded.hash, scores, outcomes)


def _read_tasks(paths: Sequence[str], limit: int | None, max_new_tokens: int | None) -> list[Task]:
    if not paths:
        raise UsageError("no task was named", repair="add --task my.jsonl")
    if len(set(paths)) < len(paths):
        raise UsageError("a task is named twice", repair="name each --task once")
    names = zip(task_names(paths), paths, strict=True)
    return [_read_task(name, path, limit, max_new_tokens) for name, path in names]


def _read_task(name: str, path: str, limit: int | None, max_new_tokens: int | None) -> Task:
    samples, data_hash = read_questions(Path(path))
    items, complaints = items_from(samples)
    if complaints:
        raise BadRecord(
            f"{len(complaints)} of {len(samples)} records cannot be scored",
            where=path,
            complaints=complaints,
        )
    part = limit if limit is not None and limit < len(items) else None
    return Task(name, data_hash, items[:part], part, max_new_tokens)


def _fitted_on(path: str) -> Majority:
    """The majority baseline of a training file; records without a short answer say nothing about it."""
    items, _ = items_from(read_records(Path(path), max_bad=None).samples)
    if not items:
        raise BadRecord(
            "no record has one question with one short answer",
            where=path,
            repair="name another --majority",
        )
    return Majority(items, path)


def _again(tasks: Sequence[str], keep_text: bool, **values: object) -> str:
    """The command line that goes on with this evaluation."""
    words = ["medgpt", "eval", "run", *(f"--task={task}" for task in tasks)]
    words += [f"--{name}={value}" for name, value in values.items() if value is not None]
    words += ["--keep-text"] if keep_text else []
    return shlex.join([*words, "--resume"])


def _ask(task: Task, loaded: LoadedModel, log: SampleLog, keep_text: bool, again: str) -> list[Outcome]:
    with Asking(task.name, len(task.items)) as asking:
        try:
            outcomes = run_task(task, loaded.answer, log, keep_text=keep_text, progress=asking.progress)
        except KeyboardInterrupt:
            kind = StateSaved if asking.terminated else Interrupted
            raise kind("stopped; every answer so far is kept", repair=f"go on with: {again}") from None
    refuse_nothing_answered(task.name, outcomes)
    return outcomes
