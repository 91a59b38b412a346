"""Asks a model every question of a task, in order, and keeps what came of each.

A failing item does not end the run: it is logged with the name of its error and counts as wrong.  Items
that the log already knows are not asked again, except those that failed.  This module knows nothing of
which model answers; it is handed a `Generate`.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import msgspec

from medgpt_cli.core.errors import MedGPTError
from medgpt_cli.core.types import Generate, Reply
from medgpt_cli.evaluation.items import Item
from medgpt_cli.evaluation.outcomes import Outcome, SampleLog, Status, Texts
from medgpt_cli.evaluation.scoring import Verdict, judge
from medgpt_cli.evaluation.tasks.task import Task

Progress = Callable[[int, int, int], None]
"""Called after each item with the number done, the number in all, and the number right so far."""


def run_task(
    task: Task,
    generate: Generate,
    log: SampleLog,
    *,
    keep_text: bool = False,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Asks all items of a task.

    Args:
        task: What to ask.
        generate: The model.
        log: Where outcomes are appended, and where earlier ones are found.
        keep_text: Whether question, gold and answer are logged too.
        progress: Told after each item.

    Returns:
        One outcome for each item, in order.

    Raises:
        Exception: The first failure, when not a single item could be answered: that is no result.
    """
    outcomes: list[Outcome] = []
    correct = 0
    first_failure: Exception | None = None
    for item in task.items:
        outcome = log.get(task.name, item.id)
        if outcome is None or outcome.status is Status.ERROR:
            outcome, failure = _ask(task, item, generate, keep_text)
            first_failure = first_failure or failure
            log.add(outcome)
        outcomes.append(outcome)
        correct += outcome.correct
        if progress:
            progress(len(outcomes), len(task.items), correct)
    if first_failure and all(outcome.status is Status.ERROR for outcome in outcomes):
        raise first_failure
    return outcomes


def _ask(
    task: Task, item: Item, generate: Generate, keep_text: bool
) -> tuple[Outcome, Exception | None]:
    start = perf_counter()
    try:
        reply = generate(item.turns, item.images, max_new_tokens=task.max_new_tokens)
        # A cut answer is wrong even if its beginning happens to match: the model never said it was done.
        status = Status.OK if reply.finished else Status.TRUNCATED
        verdict = judge(item, reply.text) if reply.finished else Verdict(correct=False, parsed=False)
        failure: Exception | None = None
    except Exception as error:  # whatever one item does, the others are still asked
        if isinstance(error, MedGPTError):
            error.where = error.where or str(item.place)
        reply, status, failure = Reply("", seconds=perf_counter() - start), Status.ERROR, error
        verdict = Verdict(correct=False, parsed=False)
    outcome = Outcome(
        task=task.name,
        id=item.id,
        place=str(item.place),
        group=item.group,
        cluster=item.cluster,
        status=status,
        correct=verdict.correct,
        parsed=verdict.parsed,
        rule=verdict.rule,
        letter=verdict.letter,
        error=_name(failure),
        prompt_tokens=reply.prompt_tokens,
        tokens=reply.tokens,
        seconds=round(reply.seconds, 4),
        texts=Texts(item.question, item.gold, reply.text) if keep_text else msgspec.UNSET,
    )
    return outcome, failure


def _name(failure: Exception | None) -> str:
    """The stable name of an error of ours, the class of another: a message could quote the record."""
    if isinstance(failure, MedGPTError):
        return failure.code
    return type(failure).__name__ if failure else ""
