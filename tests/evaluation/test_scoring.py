from collections.abc import Callable

import pytest

from medgpt_cli.core.types import Sample
from medgpt_cli.evaluation.items import Item, items_from
from medgpt_cli.evaluation.scoring import Verdict, judge, profile, read
from tests.evaluation_items import question

OPTIONS = (("A", "left"), ("B", "right"))


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("Left.", Verdict(True, True, "em_v1")),
        ("right", Verdict(False, True, "em_v1")),
        ("...", Verdict(False, False)),
    ],
)
def test_a_short_answer(sample: Callable[..., Sample], reply: str, verdict: Verdict) -> None:
    [item], _ = items_from([sample(1, "Which side?", "left")])
    assert judge(item, reply) == verdict


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("A", Verdict(True, True, "letter", "A")),
        ("left", Verdict(True, True, "text", "A")),
        ("Answer: B", Verdict(False, True, "cue", "B")),
        ("perhaps", Verdict(False, False)),
    ],
)
def test_a_choice(sample: Callable[..., Sample], reply: str, verdict: Verdict) -> None:
    [item], _ = items_from([sample(1, "Which side?", "left", options=OPTIONS)])
    assert judge(item, reply) == verdict


def test_the_profile_names_every_scorer_used(sample: Callable[..., Sample]) -> None:
    items, _ = items_from([sample(1, "q", "left", options=OPTIONS), sample(2, "q", "left")])
    assert profile(items) == "em_v1+letters_v1"
    assert profile(items[:1]) == "letters_v1"
    assert profile(items[1:]) == "em_v1"


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("Yes.", Verdict(True, True, "yes_no")),
        ("Yes, on the left", Verdict(True, True, "yes_no")),
        ("no", Verdict(False, True, "yes_no")),
        ("on the left", Verdict(False, False)),
        ("", Verdict(False, False)),
    ],
)
def test_a_closed_question(sample: Callable[..., Sample], reply: str, verdict: Verdict) -> None:
    [item], _ = items_from([sample(1, "Is it large?", "Yes")])
    assert judge(item, reply) == verdict


@pytest.mark.parametrize(("reply", "right"), [("mri", True), ("MR imaging", True), ("ct", False)])
def test_any_of_several_right_answers_is_right(reply: str, right: bool) -> None:
    assert judge(question("MRI", "MR imaging"), reply).correct is right


@pytest.mark.parametrize(
    ("item", "reply", "answer"),
    [
        (question("A", options=OPTIONS), "Answer: B", "B"),
        (question("yes"), "Yes, large", "yes"),
        (question("Left lung"), "**Left Lung.**", "left lung"),
        (question("Left lung"), "…", ""),
    ],
)
def test_the_answer_is_read_in_the_form_in_which_it_is_compared(
    item: Item, reply: str, answer: str
) -> None:
    assert read(item, reply) == answer
