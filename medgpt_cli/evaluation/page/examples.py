"""Answers that were wrong, for a person to look at: a fair choice of them, with their pictures.

They stand on the page only where texts were kept, and no set that is lent under terms is shown without its name being
given; whoever calls says which.  This module opens no picture.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.outcomes import Outcome, Status
from medgpt_cli.evaluation.page.forest import headline
from medgpt_cli.evaluation.scores import TaskScore

SHOWN = 12
"""Examples of a task, at most."""


class Picture(NamedTuple):
    """A picture on the page.

    Attributes:
        uri: The picture as a data URI; empty where it cannot be shown.
        note: Its size, or why it is not shown.
    """

    uri: str
    note: str


Pictures = Callable[[str, str], Sequence[Picture]]
"""From a task's name and an item's id to the pictures of its question."""


class Example(NamedTuple):
    """One answer.

    Attributes:
        place: File and line of its record.
        question: What was asked.
        gold: What would be right.
        answer: What was said.
        verdict: Why it counts as wrong, or what it measures.
        pictures: Of the question.
    """

    place: str
    question: str
    gold: str
    answer: str
    verdict: str
    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Examples:
    """The examples of a task.

    Attributes:
        title: What they are, and out of how many.
        shown: The examples, in the order of the task.
    """

    title: str
    shown: Sequence[Example]


def examples(score: TaskScore, rows: Sequence[Outcome], pictures: Pictures | None) -> Examples | None:
    """Answers that were wrong, or the reports that measure worst; None where no text was kept or none was wrong.

    Args:
        score: Of the task.
        rows: Its outcomes, in order.
        pictures: Gives the pictures of a question; none are shown when None.
    """
    kept = [row for row in rows if row.texts is not msgspec.UNSET]
    if score.kind == Kind.REPORT:
        chosen, title = _worst(score, kept)
    else:
        wrong = [row for row in kept if not row.correct]
        chosen = _drawn(wrong)
        title = counted(len(wrong), "wrong answer")
        if len(chosen) < len(wrong):
            title += f"; {len(chosen)} of them, drawn by lot"
    if not chosen:
        return None
    return Examples(title, [_example(score, row, pictures) for row in chosen])


def _drawn(rows: Sequence[Outcome]) -> list[Outcome]:
    """As likely any as any other, in their order, and always the same ones."""
    if len(rows) <= SHOWN:
        return list(rows)
    places = random.Random(0).sample(range(len(rows)), SHOWN)
    return [rows[place] for place in sorted(places)]


def _worst(score: TaskScore, rows: Sequence[Outcome]) -> tuple[list[Outcome], str]:
    head = headline(score)
    if head is None:
        return [], ""
    measured = [row for row in rows if head.name in row.measures]
    worst_last = head.better == "lower"
    measured.sort(key=lambda row: row.measures[head.name], reverse=worst_last)
    chosen = measured[:SHOWN]
    few = "report" if len(chosen) == 1 else f"{len(chosen)} reports"
    return chosen, f"the {few} that measure{'s' if len(chosen) == 1 else ''} worst by {head.name}"


def _example(score: TaskScore, row: Outcome, pictures: Pictures | None) -> Example:
    assert row.texts is not msgspec.UNSET
    texts = row.texts
    shown = pictures(row.task, row.id) if pictures else ()
    return Example(row.place, texts.question, texts.gold, texts.answer, _verdict(score, row), shown)


def _verdict(score: TaskScore, row: Outcome) -> str:
    if row.status is Status.ERROR:
        return f"failed: {row.error}"
    if row.status is Status.TRUNCATED:
        return "cut at the token limit"
    if score.kind == Kind.REPORT:
        return f"{score.headline} {row.measures[score.headline]:.3f}"
    if not row.parsed:
        return "could not be read"
    return f"read as {row.letter}" if row.letter else "wrong"
