"""From the log of an evaluation to its scores: measured, held against the training data, summed up."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from medgpt_cli.evaluation import reports, summary
from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.majority import Majority
from medgpt_cli.evaluation.measures import MEASURES
from medgpt_cli.evaluation.outcomes import Outcome, SampleLog
from medgpt_cli.evaluation.runner import refuse_nothing_answered
from medgpt_cli.evaluation.scores import TaskScore
from medgpt_cli.evaluation.statistics.probes import Effect, effect
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows.eval_exposure import exposed
from medgpt_cli.workflows.eval_settings import EvalSettings
from medgpt_cli.workflows.eval_tasks import plain_of
from medgpt_cli.workflows.eval_training import History, history

REPORT_METRICS = (
    "radgraph_partial",
    "radgraph_entity_relation",
    "ratescore_long",
    "chexbert_cosine",
    "bertscore",
    "radcliq_v1",
    "green",
)
"""What reports are measured by elsewhere, and each is told to be missing here: all need an extraction first."""


def scored(
    tasks: Sequence[Task],
    log: SampleLog,
    majority: Majority | None,
    settings: EvalSettings,
    model: str,
) -> tuple[list[TaskScore], list[Outcome]]:
    """The score of each task, and the rows of all of them, items in order.

    Args:
        tasks: What was asked.
        log: Every answer.
        majority: The baseline; each task's own commonest answers when None.
        settings: What was asked for.
        model: How the model is named.

    Raises:
        InputError: Not a single question of a task could be answered.
    """
    plain = [task for task in tasks if plain_of(task, tasks) is None]
    compared = exposed(plain, _trained(settings, model))
    met = {task.name: each for task, each in zip(plain, compared, strict=True)}
    scores: list[TaskScore] = []
    rows: list[Outcome] = []
    for task in tasks:
        outcomes = [found for item in task.items if (found := log.get(task.name, item.id))]
        refuse_nothing_answered(task.name, outcomes)
        probe = plain_of(task, tasks)
        if probe is not None:
            met[task.name] = met[probe[0].name].of(task, probe[0])
        outcomes = [
            msgspec.structs.replace(row, seen=reason)
            for row, reason in zip(outcomes, met[task.name].seen, strict=True)
        ]
        score = summary.summarise(
            task,
            outcomes,
            majority or Majority(task.items, "the task itself"),
            exposure=met[task.name].exposure,
            distribution=met[task.name].distribution,
            missing=_missing(task),
        )
        if probe is not None:
            before = [log.get(probe[0].name, row.id) for row in outcomes]
            score = msgspec.structs.replace(score, effect=_effect(probe[1], task, before, outcomes))
        scores.append(score)
        rows += outcomes
    return scores, rows


def _effect(
    probe: str, task: Task, plain: Sequence[Outcome | None], probed: Sequence[Outcome]
) -> Effect | None:
    """What a probe did, where the headline is a number of each item."""
    name = task.measures[0]
    pairs = [
        (before.measures[name], after.measures[name], after.cluster)
        for before, after in zip(plain, probed, strict=True)
        if before is not None and name in before.measures and name in after.measures
    ]
    if not pairs:
        return None
    first, second, clusters = zip(*pairs, strict=True)
    return effect(probe, first, second, clusters, better=MEASURES[name].better)


def _trained(settings: EvalSettings, model: str) -> History | None:
    if not settings.keeping.overlap:
        return None
    if settings.backing.endpoint is not None:
        return History(missing=["an endpoint does not say what its model was trained on"])
    # An adapter's run names the model it was trained on; the other way round nothing would name the adapter's data.
    return history(settings.adapter or model, online=settings.backing.online)


def _missing(task: Task) -> dict[str, str]:
    """The metrics of reports, with the line that says how each can be had."""
    if task.kind is not Kind.REPORT:
        return {}
    found = reports.score([""], [""], [""], None, REPORT_METRICS)
    return {
        each.metric: f"{each.why}; {each.repair}"
        for each in found
        if isinstance(each, reports.NotComputed)
    }
