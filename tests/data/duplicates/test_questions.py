"""One question in several wordings, and questions that only look alike."""

from __future__ import annotations

import pytest

from medgpt_cli.data.duplicates.questions import plain, question_prints

STEM = "A 45-year-old man has crushing chest pain that spreads to his left arm. What is the most likely diagnosis?"
OPTIONS = (("A", "Myocardial infarction"), ("B", "Pericarditis"), ("C", "Reflux"))


def same(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return bool(set(one) & set(other))


@pytest.mark.parametrize(
    "stem",
    [
        STEM.upper(),
        STEM.replace("What is", "Identify").replace("?", "."),
        STEM.replace("What is the", "Which of the following is the"),
        STEM.replace("45-year-old", "forty-five year old"),
        STEM.replace("A 45", "The 45").replace("the most likely", "most likely"),
        STEM.replace(". What", "; what"),
        STEM.replace("What is", "What's"),
        STEM.replace("pain that", "pain  that\n"),
    ],
)
def test_a_wording_of_the_usual_kinds_is_the_same_question(stem: str) -> None:
    assert stem != STEM
    assert plain(stem) == plain(STEM)
    assert same(question_prints(stem, "A", OPTIONS), question_prints(STEM, "A", OPTIONS))


@pytest.mark.parametrize("stem", ["What is shown?", STEM])
def test_the_order_of_options_and_the_letter_do_not_count(stem: str) -> None:
    other = (("A", "reflux"), ("B", "the Pericarditis."), ("C", "Myocardial infarction"))
    assert same(question_prints(stem, "A", OPTIONS), question_prints(stem, "C", other))
    assert same(
        question_prints(stem, "A", OPTIONS), question_prints(stem, "Myocardial infarction", other)
    )
    assert same(
        question_prints(stem, "A", OPTIONS), question_prints(stem, "C. Myocardial infarction", other)
    )
    assert same(question_prints(stem, "(A)", OPTIONS), question_prints(stem, "A:", OPTIONS))


def test_a_short_question_is_told_by_its_options_and_answer_too() -> None:
    short = "Which is true?"
    assert not same(question_prints(short, "A", OPTIONS), question_prints(short, "B", OPTIONS))
    assert not same(question_prints(short, "yes"), question_prints(short, "no"))
    assert same(
        question_prints(STEM, "A", OPTIONS), question_prints(STEM, "Reflux")
    )  # a long one is not


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Is the pressure above 90?", "Is the pressure below 90?"),
        ("Is there an effusion?", "Is there no effusion?"),
        ("Does aspirin cause bleeding?", "Does bleeding cause aspirin?"),
        ("Give 3.5 mg", "Give 35 mg"),
        ("Give twenty mg", "Give twelve mg"),
        ("Which isn't a sign?", "Which is a sign?"),
    ],
)
def test_what_makes_another_question_counts(one: str, other: str) -> None:
    assert plain(one) != plain(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5mg", "5 mg"),
        ("five mg", "5 mg"),
        ("twenty-five", "25"),
        ("ninety", "90"),
        ("it isn’t", "it is not"),
    ],
)
def test_numbers_and_units_are_read_alike(one: str, other: str) -> None:
    assert plain(one) == plain(other)


def test_a_question_of_asking_words_alone_keeps_them() -> None:
    assert plain("What is this?") == ("what", "is", "this")
    assert plain("") == ()
