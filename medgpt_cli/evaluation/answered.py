"""From an item and the reply to it to one row of the log: verdict, measures, tokens, time.

What failed or was cut is wrong, and counts 0 in every measure of short answers; a report that was cut is measured
as far as it goes, and counted.  This module knows nothing of models, files or averages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from medgpt_cli.core.types import Reply, Request
from medgpt_cli.evaluation.items import Item, Kind
from medgpt_cli.evaluation.measures import MEASURES, measure_item
from medgpt_cli.evaluation.measures.likelihood import ACCURACY_LIKELIHOOD, chosen
from medgpt_cli.evaluation.outcomes import Outcome, Status, Texts
from medgpt_cli.evaluation.scoring import Verdict, judge
from medgpt_cli.evaluation.tasks.task import Task

NO_ANSWER = "NO_ANSWER"
"""The error of a question that whoever answers passed over in silence."""
BY_LIKELIHOOD = "likelihood"
"""The rule of a letter that was not read but weighed."""

NOTHING = Verdict(correct=False, parsed=False)


def request_of(task: Task, item: Item) -> Request:
    """What is asked of the model for one item; options are weighed where the task or one of its measures asks it."""
    alone = task.choices_by == "likelihood" and bool(item.options)
    texts = alone and task.likelihood_of == "text"
    weighed = tuple(text if texts else letter for letter, text in item.options)
    return Request(
        turns=item.turns,
        images=item.images,
        max_new_tokens=task.max_new_tokens,
        choices=weighed if is_weighed(task) else (),
        generate=not alone,
    )


def is_weighed(task: Task) -> bool:
    """Whether the likelihoods of options are asked for."""
    return task.choices_by == "likelihood" or any(MEASURES[name].by_likelihood for name in task.measures)


def outcome_of(
    task: Task, item: Item, reply: Reply, *, keep_text: bool = False, attempt: int = 1
) -> Outcome:
    """One row of the log.

    Args:
        task: The task of the item.
        item: The question.
        reply: What came back; one with an error counts as nothing.
        keep_text: Whether question, gold and answer stand in the row.
        attempt: How often it has been asked, this time included.
    """
    status = _status(reply)
    verdict = _verdict(task, item, reply, status)
    says_nothing = status is Status.ERROR or (
        status is Status.TRUNCATED and item.kind is not Kind.REPORT
    )
    said = "" if says_nothing else reply.text
    if verdict.rule == BY_LIKELIHOOD:
        said = item.gold if verdict.correct else verdict.letter
    weights = reply.likelihoods if item.options and is_weighed(task) else None
    return Outcome(
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
        error=reply.error,
        prompt_tokens=reply.prompt_tokens,
        tokens=reply.tokens,
        seconds=round(reply.seconds, 4),
        kind=item.kind.value,
        prompt_hash=item.prompt_hash,
        measures=measure_item(item, said, task.measures, weights),
        likelihoods=weights if weights and _is_whole(item, weights) else (),
        options=len(item.options),
        facets=dict(item.facets),
        attempt=attempt,
        texts=Texts(*map(_writable, (item.question, item.gold, reply.text)))
        if keep_text
        else msgspec.UNSET,
    )


def _status(reply: Reply) -> Status:
    if reply.error:
        return Status.ERROR
    return Status.OK if reply.finished else Status.TRUNCATED


def _verdict(task: Task, item: Item, reply: Reply, status: Status) -> Verdict:
    if status is Status.ERROR:
        return NOTHING
    if item.options and task.choices_by == "likelihood":
        return _weighed(task, item, reply.likelihoods)
    if item.kind is Kind.REPORT:  # neither right nor wrong: measured
        return Verdict(correct=False, parsed=bool(reply.text.strip()))
    # A cut answer is wrong even if its beginning happens to match: the model never said it was done.
    return NOTHING if status is Status.TRUNCATED else judge(item, reply.text)


def _weighed(task: Task, item: Item, likelihoods: Sequence[float]) -> Verdict:
    """By the first measure that weighs options; equally likely ones are all chosen, and no single letter is told."""
    measures = [MEASURES[name] for name in task.measures if MEASURES[name].by_likelihood]
    measure = (measures or [ACCURACY_LIKELIHOOD])[0]
    letters = chosen(item, likelihoods)
    if measure.by_likelihood is None or not letters:
        return NOTHING
    right = measure.by_likelihood(item, likelihoods) > 0
    alone = len(letters) == 1 and measure is ACCURACY_LIKELIHOOD
    return Verdict(right, True, BY_LIKELIHOOD, letters[0] if alone else "")


def _is_whole(item: Item, likelihoods: Sequence[float]) -> bool:
    return len(likelihoods) == len(item.options) and all(map(math.isfinite, likelihoods))


def _writable(text: str) -> str:
    """Without halves of characters, which a damaged reply may hold and no file can."""
    return text.encode("utf-8", "replace").decode()
