"""Answers that were made elsewhere, matched with the questions of a task by their ids.

An answer to no question, and a second answer to one, are complained about: they say that the file belongs to another
task or was glued together.  A question without an answer counts as wrong and is counted, and so is an empty answer.
No message names an id, which may be a patient's.  This module knows nothing of files or of scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

from medgpt_cli.core.errors import Complaint
from medgpt_cli.core.types import Place, Reply, Request
from medgpt_cli.evaluation.answered import NO_ANSWER
from medgpt_cli.evaluation.items import Item
from medgpt_cli.evaluation.tasks.task import Task


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        id: Of the question.
        place: Where it stands.
        text: What was answered; None where the file says that nothing was.
        thinking: The reasoning before it.
        finished: False where a token limit ended it.
    """

    id: str
    place: Place
    text: str | None
    thinking: str = ""
    finished: bool = True


class AnswersFile:
    """The answers to the items of one task; implements `core.types.AnswerMany` for all of them, in order.

    Attributes:
        missing: Questions without an answer.
        empty: Places of answers that say nothing.
    """

    def __init__(self, items: Sequence[Item], answers: Iterable[Answer]) -> None:
        found = {answer.id: answer for answer in answers}
        self._turns = [item.turns for item in items]
        self._answers = [found.get(item.id) for item in items]
        self.missing = sum(answer is None or answer.text is None for answer in self._answers)
        self.empty = tuple(
            answer.place
            for answer in self._answers
            if answer and answer.text is not None and not answer.text.strip()
        )

    @property
    def texts(self) -> list[str]:
        """What was answered to each item, in order; nothing where nothing was."""
        return [answer.text or "" if answer is not None else "" for answer in self._answers]

    def __call__(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        """Hands out the answers.

        Raises:
            ValueError: The requests are not those of all items, in order.
        """
        if [request.turns for request in requests] != self._turns:
            raise ValueError("the requests are not those of the items")
        for number, answer in enumerate(self._answers):
            if answer is None or answer.text is None:
                on_reply(number, Reply("", error=NO_ANSWER))
            else:
                on_reply(number, Reply(answer.text, thinking=answer.thinking, finished=answer.finished))


def mismatches(items: Sequence[Item], answers: Iterable[Answer]) -> list[Complaint]:
    """What does not fit between questions and answers, in the order of the file."""
    known = {item.id for item in items}
    first: dict[str, Place] = {}
    complaints = []
    for answer in answers:
        where = f"{answer.place} id"
        if answer.id in first:
            complaints.append(
                Complaint(
                    f"is answered at {first[answer.id]} already", where, "keep one answer to a question"
                )
            )
        elif answer.id not in known:
            complaints.append(
                Complaint("is no question of this task", where, "remove the line, or name its task")
            )
        first.setdefault(answer.id, answer.place)
    return complaints


class AnsweredElsewhere(Task):
    """A task whose answers came from elsewhere: what it was asked with is not claimed."""

    __slots__ = ()

    @classmethod
    def of(cls, task: Task) -> AnsweredElsewhere:
        """The same questions."""
        return cls(**{field.name: getattr(task, field.name) for field in fields(task)})

    @property
    def protocol(self) -> str:
        """The questions and the scorer are known; prompt, shots and decoding are not."""
        questions, *_, scorer = super().protocol.split(" / ")
        return f"{questions} / prompt not told / shots not told / decoding not told / {scorer}"
