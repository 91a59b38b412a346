"""Accuracy by likelihood against the formula of lm-evaluation-harness."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medgpt_cli.evaluation.measures import MEASURES, measure_item
from medgpt_cli.evaluation.measures.likelihood import chosen
from tests.evaluation_items import question

TEXTS = ("stroke", "pulmonary embolism", "no", "a very long name of a disease")
OPTIONS = tuple(zip("ABCD", TEXTS, strict=True))
BOTH = ["accuracy_likelihood", "accuracy_likelihood_norm"]


@given(st.lists(st.floats(-50, 0), min_size=4, max_size=4), st.integers(0, 3))
def test_acc_and_acc_norm(values: list[float], gold: int) -> None:
    """The harness: `np.argmax(lls) == gold`, and the same of `lls / completion_len` in characters."""
    lengths = np.array([float(len(text)) for text in TEXTS])
    by_length = np.array(values) / lengths
    assume(len(set(values)) == len(set(by_length)) == 4)
    row = measure_item(question("ABCD"[gold], options=OPTIONS), "", BOTH, values)
    assert row == {
        "accuracy_likelihood": float(np.argmax(values) == gold),
        "accuracy_likelihood_norm": float(np.argmax(by_length) == gold),
    }


def test_the_two_differ_where_options_differ_in_length() -> None:
    row = measure_item(question("D", options=OPTIONS), "", BOTH, [-9, -9.5, -3, -10])
    assert row == {"accuracy_likelihood": 0, "accuracy_likelihood_norm": 1}


def test_a_tie_is_not_a_choice_of_the_first_option() -> None:
    """The harness takes the first: a model that cannot tell the options apart gets every question of position A."""
    equal = [-1.0, -1.0, -1.0, -1.0]
    assert np.argmax(equal) == 0
    assert measure_item(question("A", options=OPTIONS), "", BOTH[:1], equal) == {BOTH[0]: 0}
    assert chosen(question("A", options=OPTIONS), equal) == ("A", "B", "C", "D")


def test_a_tie_of_equal_options_is_right_where_both_are() -> None:
    twice = question("A", "B", options=(("A", "cyst"), ("B", "cyst"), ("C", "mass")))
    assert measure_item(twice, "", BOTH, [-1, -1, -2]) == {BOTH[0]: 1, BOTH[1]: 1}


@pytest.mark.parametrize(("likelihoods", "right"), [([-inf, -5, -inf, -inf], 1), ([-inf] * 4, 0)])
def test_an_impossible_option_is_not_chosen(likelihoods: list[float], right: float) -> None:
    assert measure_item(question("B", options=OPTIONS), "", BOTH, likelihoods) == dict.fromkeys(
        BOTH, right
    )


def test_what_is_no_number_is_no_choice() -> None:
    assert measure_item(question("A", options=OPTIONS), "A", BOTH, [nan, -1, -2, -3]) == dict.fromkeys(
        BOTH, 0
    )


def test_none_asked_for_is_absent_and_none_come_is_wrong() -> None:
    item = question("A", options=OPTIONS)
    assert measure_item(item, "A", BOTH) == {}
    assert measure_item(item, "A", BOTH, []) == dict.fromkeys(BOTH, 0)


@pytest.mark.parametrize("likelihoods", [[-1, -2, -3], [-1, -2, -3, -4, -5]])
def test_too_few_or_too_many_are_no_choice(likelihoods: list[float]) -> None:
    """As a server that answers garbage may send them; the other items are scored all the same."""
    item = question("A", options=OPTIONS)
    assert measure_item(item, "", BOTH, likelihoods) == dict.fromkeys(BOTH, 0)
    assert chosen(item, likelihoods) == ()


def test_the_score_is_the_mean() -> None:
    item = question("A", options=OPTIONS)
    rows = [measure_item(item, "", BOTH[:1], [gain, -5, -5.5, -6]) for gain in (-1, -9, -2, -3)]
    assert MEASURES[BOTH[0]].score(rows) == 0.75
