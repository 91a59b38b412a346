"""Asks a model every question of a task that the log does not know yet, and keeps each answer at once.

All outstanding questions are handed over together, so that whoever answers may order and share the work; replies come
back one by one, in any order, and each is scored and written before the next is looked at.  A failing item does not
end the run: it is logged with the name of its error and counts as wrong.  What the log knows is not asked again,
except what failed.  This module knows nothing of which model answers; it is handed an `AnswerMany`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from medgpt_cli.core.errors import InputError
from medgpt_cli.core.types import AnswerMany, Reply
from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation.answered import NO_ANSWER, outcome_of, request_of
from medgpt_cli.evaluation.items import Item
from medgpt_cli.evaluation.outcomes import Outcome, SampleLog, Status
from medgpt_cli.evaluation.tasks.task import Task

Progress = Callable[[int, int, int], None]
"""Called after each item with the number done, the number in all, and the number right so far."""


def run_task(
    task: Task,
    answer: AnswerMany,
    log: SampleLog,
    *,
    items: Sequence[Item] | None = None,
    keep_text: bool = False,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Asks all items of a task, or a share of them.

    Args:
        task: What to ask.
        answer: The model.
        log: Where outcomes are appended, and where earlier ones are found.
        items: The share of the task's items that is asked here; all when None.
        keep_text: Whether question, gold and answer are logged too.
        progress: Told after each item.

    Returns:
        One outcome for each item, in order.
    """
    mine = list(task.items if items is None else items)
    waiting = [item for item in mine if not _is_done(log.get(task.name, item.id))]
    known = [log.get(task.name, item.id) for item in mine]
    done = len(mine) - len(waiting)
    right = sum(outcome.correct for outcome in known if outcome is not None)
    answered: set[int] = set()

    def keep(number: int, reply: Reply) -> None:
        nonlocal done, right
        if number in answered:
            raise AssertionError(f"request {number} was answered twice")
        answered.add(number)
        item = waiting[number]
        before = log.get(task.name, item.id)
        outcome = outcome_of(
            task, item, reply, keep_text=keep_text, attempt=before.attempt + 1 if before else 1
        )
        log.add(outcome)
        done, right = done + 1, right + outcome.correct
        if progress:
            progress(done, len(mine), right)

    if waiting:
        answer([request_of(task, item) for item in waiting], keep)
    for number in range(len(waiting)):
        if number not in answered:
            keep(number, Reply("", error=NO_ANSWER))
    return [outcome for item in mine if (outcome := log.get(task.name, item.id)) is not None]


def refuse_nothing_answered(task: str, outcomes: Sequence[Outcome]) -> None:
    """When not a single item could be answered, that is no result.

    Raises:
        InputError: Every item failed.
    """
    if not outcomes or any(outcome.status is not Status.ERROR for outcome in outcomes):
        return
    names = Counter(outcome.error for outcome in outcomes)
    told = ", ".join(f"{name} {count:,}" for name, count in names.most_common())
    raise InputError(
        f"not one of {counted(len(outcomes), 'question')} could be answered: {told}",
        where=task if len(outcomes) > 1 else outcomes[0].place,
        repair="mend what they name, then go on with --resume",
    )


def _is_done(known: Outcome | None) -> bool:
    return known is not None and known.status is not Status.ERROR
