"""Score a model: read the questions, load once, ask, count, and leave a folder that proves the numbers.

Everything cheap that can be wrong is found before the model is loaded, and every answer is kept as soon as it
is given: a killed evaluation goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, distributed, rundir
from medgpt_cli.core.errors import BadRecord, Interrupted, MedGPTError, StateSaved
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.data.records import read_records
from medgpt_cli.evaluation.items import Kind, items_from
from medgpt_cli.evaluation.majority import Majority
from medgpt_cli.evaluation.outcomes import SampleLog
from medgpt_cli.evaluation.runner import run_task
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows import eval_backing, eval_ranks, eval_record, eval_reports
from medgpt_cli.workflows.asking import Asking
from medgpt_cli.workflows.eval_backing import Answering
from medgpt_cli.workflows.eval_page import refuse_names
from medgpt_cli.workflows.eval_scores import scored
from medgpt_cli.workflows.eval_settings import Backing, EvalSettings, Keeping, settings_of
from medgpt_cli.workflows.eval_tasks import tasks_of


def run_eval(
    *,
    recipe: str | None,
    overrides: Sequence[str],
    flags: Mapping[str, Any],
    backing: Backing,
    keeping: Keeping,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Scores a model on questions with known answers.

    Args:
        recipe: A recipe's name or file; the defaults when None.
        overrides: `KEY=VALUE` words.
        flags: Values of the flags that set a field of the recipe.
        backing: Who answers.
        keeping: What is kept, and where.
        dry_run: Say what would be asked and write nothing.
        json: Print the scores as one JSON document.
    """
    settings = settings_of(recipe, overrides, flags, backing, keeping)
    tasks = tasks_of(settings)
    refuse_names(keeping, tasks)
    eval_reports.refuse_extracted(keeping, tasks)
    majority = _fitted_on(settings.asked.majority) if settings.asked.majority else None
    name = eval_backing.name_of(settings)
    tasks = eval_backing.limited(tasks, settings, name)
    if dry_run:
        eval_backing.check_there(settings, name)
        tasks = eval_backing.in_tiles(tasks, settings, name)
        eval_record.tell_plan(tasks, name, as_json=json)
        return
    eval_ranks.meet()
    if distributed.is_first():
        eval_backing.check_there(settings, name)
    distributed.wait()
    tasks = eval_backing.in_tiles(tasks, settings, name)
    asked = eval_record.asked(settings, tasks, name)
    answering = None
    if not _is_done(keeping):
        _look(keeping, asked, tasks)
        if settings.model is settings.adapter is None and backing.endpoint is None:
            console.say(f"model: {name} (name another with --model)")
        # Where nobody answers, no folder is left behind and none is emptied by --force.
        answering = eval_backing.opened(settings, name)
    run = _take(keeping)
    try:
        if distributed.is_first():
            console.log_to(run.log)
            eval_record.refuse_other(run, asked, tasks)
        if distributed.from_first(run.done):
            if distributed.is_first() and keeping.extracted is not None:
                eval_reports.score_again(run, settings, asked, tasks, majority)
            elif distributed.is_first():
                console.say(f"{run.path} had already finished.")
        else:
            answering = answering or eval_backing.opened(settings, name)
            _evaluate(run, settings, asked, tasks, majority, answering)
        if distributed.is_first():
            eval_record.tell(run, as_json=json)
            again = settings.again(run.recipe, run.path)
            eval_reports.tell_next(tasks, settings, again, run.path / eval_record.SAMPLES)
    finally:
        console.log_to(None)
        run.close()
    distributed.wait()


def _is_done(keeping: Keeping) -> bool:
    return keeping.resume and keeping.out is not None and rundir.is_done(keeping.out)


def _look(keeping: Keeping, asked: dict[str, Any], tasks: Sequence[Task]) -> None:
    """Refuses a folder that cannot be taken, before a model is loaded for it; nothing is touched."""
    if keeping.out is not None and distributed.is_first():
        rundir.examine(keeping.out, resume=keeping.resume, force=keeping.force, kind="eval")
        if keeping.resume:
            eval_record.refuse_other(RunFolder.follow(keeping.out, kind="eval"), asked, tasks)


def _take(keeping: Keeping) -> RunFolder:
    """The folder: the first process owns it, the others wait for that and follow."""
    path = distributed.from_first(keeping.out or rundir.dated("eval"))
    run = None
    if distributed.is_first():
        run = RunFolder.open(path, resume=keeping.resume, force=keeping.force, kind="eval")
    distributed.wait()
    return run or RunFolder.follow(path, kind="eval")


def _evaluate(
    run: RunFolder,
    settings: EvalSettings,
    asked: dict[str, Any],
    tasks: Sequence[Task],
    majority: Majority | None,
    answering: Answering,
) -> None:
    if distributed.is_first():
        eval_record.refuse_other(run, asked, tasks, answering.hashes)
        eval_record.begin(run, settings, asked, tasks, answering)
    distributed.wait()
    again = settings.again(run.recipe, run.path)
    log = eval_ranks.log_of(run.path, distributed.rank())
    distributed.wait()  # every log is read before anybody writes
    _ask_all(tasks, settings, answering, log, again)
    distributed.wait()
    if distributed.is_first():
        log = eval_ranks.merged(run.path)
        scores, outcomes = scored(tasks, log, majority, settings, asked["model"])
        scores, outcomes, answering = eval_reports.measured(tasks, scores, outcomes, settings, answering)
        log.settle(outcomes)
        eval_ranks.sweep(run.path)
        eval_record.end(run, settings, tasks, asked, answering, scores, outcomes)


def _ask_all(
    tasks: Sequence[Task],
    settings: EvalSettings,
    answering: Answering,
    log: SampleLog,
    again: str,
) -> None:
    remembered = eval_backing.remembered() if settings.backing.cache else None
    if remembered is not None:
        console.warn("answers, which are clinical text, are kept in the cache folder (--cache)")
    for task in tasks:
        mine = eval_ranks.share(task.items, distributed.rank(), distributed.ranks())
        answer = answering.for_task(task, remembered)
        with Asking(task.name, len(mine), judged=task.kind is not Kind.REPORT) as asking:
            try:
                run_task(
                    task,
                    answer,
                    log,
                    items=mine,
                    keep_text=settings.keeping.text,
                    progress=asking.progress,
                )
            except KeyboardInterrupt:
                kind = StateSaved if asking.terminated else Interrupted
                raise kind(
                    "stopped; every answer so far is kept", repair=f"go on with: {again}"
                ) from None
            except MedGPTError as error:
                error.repair = f"{error.repair}; then go on with: {again}".removeprefix("; then ")
                raise


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
