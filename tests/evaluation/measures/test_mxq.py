"""The MedXpertQA authors' rules on cases worked by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.measures import MEASURES, measure_item
from medgpt_cli.evaluation.measures.mxq import PROFILE, matches
from tests.evaluation_items import question

SAME = [
    ("left lung", "Left lung."),
    ("left lung", "The left lung"),
    ("left lung", "left lung, as the shadow shows"),
    ("left lung", "left lung. It is small."),
    ("left lung", "left lung\nbecause"),
    ("left lung", "Therefore, the answer is left lung."),
    ("left lung", "The answer is: the left lung."),
    ("left lung", "The answer is right. No, the answer is left lung"),
    ("left lung", "\n left lung"),
    ("lung", "lungs"),
    ("lungs", "lung"),
    ("biopsy", "Biopsies"),
    ("mass", "masses"),
    ("branch", "branches"),
    ("calf", "calves"),
    ("yes", "Yes, it is"),
    ("Left Lung, Right", "left lung, right"),
    ("1.5 cm", "1.5 cm"),
    ("x-ray", "xray"),
    ("A", "a"),
]
NOT_SAME = [
    ("left lung", ""),
    ("left lung", "."),
    ("left lung", "right lung"),
    ("left lung", "lung left"),
    ("left lung", "lung"),
    ("left lung", "in the left lung"),
    ("left lung, right", "left lung"),
    ("yes", "it is"),
    ("2", "1.5"),
    ("vertebra", "vertebrae"),
    ("diagnosis", "diagnoses"),
    ("s", ""),
    ("he", "hes and shes"),
]


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_right(gold: str, answer: str) -> None:
    assert matches(answer, gold)


@pytest.mark.parametrize(("gold", "answer"), NOT_SAME)
def test_wrong(gold: str, answer: str) -> None:
    assert not matches(answer, gold)


def test_the_cut_makes_a_measurement_its_whole_number_and_that_is_the_authors_rule() -> None:
    assert matches("2.5 cm", "2")
    assert measure_item(question("2"), "2.5 cm", ["exact"]) == {"exact": 0}


def test_only_short_answers_are_scored_and_any_of_several_is_right() -> None:
    assert measure_item(question("A", options=(("A", "x"), ("B", "y"))), "A", ["exact_mxq"]) == {}
    assert measure_item(question("x", kind=Kind.REPORT), "x", ["exact_mxq"]) == {}
    assert measure_item(question("mri", "ct"), "CTs", ["exact_mxq"]) == {"exact_mxq": 1}


def test_the_profile_says_that_plurals_go_by_their_ending() -> None:
    assert PROFILE == "em_mxq_endings"
    assert PROFILE in MEASURES["exact_mxq"].title


@given(st.text(max_size=40), st.text(max_size=40))
def test_either_may_be_the_plural(left: str, right: str) -> None:
    plain = [text.replace(".", "").replace(",", "").replace("\n", "") for text in (left, right)]
    assert matches(*plain) == matches(*reversed(plain)) or "answer is" in "".join(plain).lower()
