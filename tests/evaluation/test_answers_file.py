"""Answers from elsewhere find their questions by id, and nothing is lost or doubled on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from medgpt_cli.core.types import Place, Reply
from medgpt_cli.evaluation.answered import request_of
from medgpt_cli.evaluation.answers_file import Answer, AnsweredElsewhere, AnswersFile, mismatches
from medgpt_cli.evaluation.items import Item, items_from
from medgpt_cli.evaluation.tasks.task import Task


@pytest.fixture
def items(sample: Callable[..., Any]) -> list[Item]:
    return items_from([sample(n, "Same question?", "axial", id=f"Jane {n}") for n in (1, 2, 3, 4)])[0]


def answer(line: int, identity: str, text: str | None = "Axial", **fields: Any) -> Answer:
    return Answer(identity, Place("a.jsonl", line), text, **fields)


def test_each_question_gets_the_answer_of_its_id(items: list[Item]) -> None:
    given = [
        answer(1, "Jane 3", "three"),
        answer(2, "Jane 1", "one", thinking="hm", finished=False),
        answer(3, "Jane 2", None),
    ]
    found = AnswersFile(items, given)
    replies: dict[int, Reply] = {}
    found([request_of(Task("t", "0", items), item) for item in items], replies.__setitem__)
    assert replies == {
        0: Reply("one", thinking="hm", finished=False),
        1: Reply("", error="NO_ANSWER"),
        2: Reply("three"),
        3: Reply("", error="NO_ANSWER"),
    }
    assert (found.missing, found.empty, found.texts) == (2, (), ["one", "", "three", ""])


def test_empty_answers_are_answers(items: list[Item]) -> None:
    found = AnswersFile(items[:2], [answer(7, "Jane 1", ""), answer(9, "Jane 2", " \n")])
    assert (found.missing, found.empty) == (0, (Place("a.jsonl", 7), Place("a.jsonl", 9)))


def test_a_part_of_the_questions_is_not_answered_by_guessing_which(items: list[Item]) -> None:
    found = AnswersFile(items, [answer(1, "Jane 1")])
    asked = [request_of(Task("t", "0", items), item) for item in items]
    with pytest.raises(ValueError, match="not those of the items"):
        found(asked[1:], lambda number, reply: None)


def test_what_does_not_fit_is_told_without_the_id(items: list[Item]) -> None:
    given = [answer(1, "Jane 1"), answer(2, "Jane 9"), answer(3, "Jane 1"), answer(4, "Jane 9")]
    assert [str(complaint) for complaint in mismatches(items, given)] == [
        "a.jsonl:2 id  is no question of this task; remove the line, or name its task",
        "a.jsonl:3 id  is answered at a.jsonl:1 already; keep one answer to a question",
        "a.jsonl:4 id  is answered at a.jsonl:2 already; keep one answer to a question",
    ]


def test_the_protocol_claims_no_prompt(items: list[Item]) -> None:
    task = Task("slake", "c0ffee" * 10, items, profile="medgpt", shots=2, max_new_tokens=9, version=1)
    elsewhere = AnsweredElsewhere.of(task)
    assert elsewhere.protocol == (
        "slake@1#c0ffeec0ffee / prompt not told / shots not told / decoding not told / em_v1"
    )
    assert (elsewhere.items, elsewhere.shots) == (items, 2)
