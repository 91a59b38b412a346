from __future__ import annotations

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.filters.wording import answers, learnt, question, sentences, words
from tests.data.filters.samples import choice, document

TWO = Sample(
    Place("f", 1),
    (
        Turn(Role.SYSTEM, ("Be brief.",)),
        Turn(Role.USER, (0, "First?")),
        Turn(Role.ASSISTANT, ("one",), thinking="hidden"),
        Turn(Role.USER, ("Second?",)),
        Turn(Role.ASSISTANT, ("two",)),
    ),
    images=("a.png",),
)


def test_what_is_learnt_is_the_answers_or_the_document() -> None:
    assert (learnt(TWO), list(answers(TWO))) == ("one\ntwo", ["one", "two"])
    assert learnt(Sample(Place("f", 1), document=("before ", 0, " after"))) == "before  after"


def test_the_question_is_the_last_one_without_its_options() -> None:
    assert question(TWO) == "Second?"
    assert question(choice("Which?\nA. not an option", "A", "x", "y")) == "Which?\nA. not an option"
    assert question(document("x")) == ""


def test_words_of_scripts_with_and_without_blanks() -> None:
    assert words("Left-sided, 3 mm; the patient’s T2") == [
        "left-sided",
        "3",
        "mm",
        "the",
        "patient’s",
        "t2",
    ]
    assert words("肺部 CT 有结节") == ["肺", "部", "ct", "有", "结", "节"]


def test_sentences() -> None:
    assert sentences("One. Two 3.5 mm.\n\nThree? 四。五。") == [
        "One.",
        "Two 3.5 mm.",
        "Three?",
        "四。",
        "五。",
    ]
