"""What of a sample can be found again."""

from __future__ import annotations

import pytest

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.leakage.material import Asked, asked, told, without_options
from medgpt_cli.data.records import read_record

OPTIONS = (("A", "yes"), ("B", "no"))


def read(record: dict[str, object]) -> Sample:
    return read_record(record, Place("a", 1), str)[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Which?\nA. yes\nB. no", ("Which?", OPTIONS)),
        ("Which?\n(A) yes\n(B) no\n", ("Which?", OPTIONS)),
        ("Which?\nA: yes\nB: no", ("Which?", OPTIONS)),
        ("Which?\nA. yes", ("Which?\nA. yes", ())),
        ("Which?\nB. yes\nC. no", ("Which?\nB. yes\nC. no", ())),
        ("A. fumigatus grew. Why?", ("A. fumigatus grew. Why?", ())),
        ("", ("", ())),
    ],
)
def test_options_in_a_text(text: str, expected: tuple[str, object]) -> None:
    assert without_options(text) == expected


def test_a_pair_with_options_is_one_question() -> None:
    sample = read({"question": "Which?", "options": ["yes", "no"], "answer": "no"})
    assert asked(sample) == [Asked("Which?", "no", OPTIONS)]
    assert told(sample) == "Which? B"


def test_a_dialogue_has_several_questions() -> None:
    sample = read(
        {
            "messages": [
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": "One?\nA. yes\nB. no"},
                {"role": "assistant", "content": "A"},
                {"role": "user", "content": "Two?"},
                {"role": "assistant", "content": "two"},
            ]
        }
    )
    assert asked(sample) == [Asked("One?", "A", OPTIONS), Asked("Two?", "two")]
    assert told(sample) == "One? A Two? two"


def test_a_question_whose_answer_is_kept_apart() -> None:
    sample = Sample(Place("a", 1), turns=(Turn(Role.USER, (0, "Which?")),), options=OPTIONS, answer="B")
    assert asked(sample) == [Asked("Which?", "B", OPTIONS)]


def test_a_document_asks_nothing() -> None:
    sample = read({"text": "one two"})
    assert (asked(sample), told(sample)) == ([], "one two")
