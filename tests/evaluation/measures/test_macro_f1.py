"""Macro-F1 against scikit-learn with its list of classes fixed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_fscore_support

from medgpt_cli.evaluation.items import Item
from medgpt_cli.evaluation.measures import MEASURES
from medgpt_cli.evaluation.measures.macro_f1 import ClassScore, by_class, classes
from tests.evaluation_items import question

MACRO = MEASURES["macro_f1"]
LABELS = ("adenoma", "benign", "cancer", "dysplasia")
OPTIONS = tuple(zip("ABCD", LABELS, strict=True))
STRAY = 4
"""An answer that is no class."""


def of(gold: list[int], predicted: list[int]) -> float | None:
    items = [question("ABCD"[label], options=OPTIONS) for label in gold]
    return MACRO.corpus(items, ["ABCDZ"[label] for label in predicted])


ANSWERS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=40)


@settings(max_examples=60)
@given(ANSWERS)
def test_it_is_that_of_scikit_learn(answers: list[tuple[int, int]]) -> None:
    gold, predicted = zip(*answers, strict=True)
    theirs = f1_score(gold, predicted, labels=range(4), average="macro", zero_division=0)
    assert of(list(gold), list(predicted)) == pytest.approx(theirs)


def test_a_class_that_does_not_occur_is_not_left_out() -> None:
    gold, predicted = [0, 0, 1, 1, 2, 2] * 5, [0, 0, 1, 0, 2, 2] * 5
    fixed = of(gold, predicted)
    assert fixed == pytest.approx(f1_score(gold, predicted, average="macro") * 3 / 4)


def test_one_stray_answer_makes_no_fifth_class() -> None:
    gold, predicted = [0, 1, 2, 3] * 5, [0, 1, 2, 3] * 4 + [0, 1, 2, STRAY]
    assert f1_score(gold, predicted, average="macro") < of(gold, predicted) - 0.15


def test_it_is_computed_once_and_not_as_the_mean_of_batches() -> None:
    gold, predicted = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 2]
    batches = np.mean([of(gold[:3], predicted[:3]), of(gold[3:], predicted[3:])])
    assert of(gold, predicted) != pytest.approx(batches)


def test_each_class_with_its_support() -> None:
    gold, predicted = [0, 0, 1, 2], [0, 1, 1, STRAY]
    items = [question("ABCD"[label], options=OPTIONS) for label in gold]
    rows = [MACRO.row(item, "ABCDZ"[label]) for item, label in zip(items, predicted, strict=True)]
    _, _, theirs, support = precision_recall_fscore_support(
        gold, predicted, labels=range(4), zero_division=0
    )
    assert support is not None
    found = by_class(items, rows)
    assert found == [
        ClassScore("adenoma", pytest.approx(2 / 3), 2, 1),
        ClassScore("benign", pytest.approx(2 / 3), 1, 2),
        ClassScore("cancer", 0.0, 1, 0),
        ClassScore("dysplasia", 0.0, 0, 0),
    ]
    assert [one.f1 for one in found] == pytest.approx(list(theirs))
    assert [one.support for one in found] == list(support)
    assert sum(one.f1 for one in found) / 4 == pytest.approx(MACRO.score(rows))


def test_the_letters_may_stand_for_other_options_in_each_question() -> None:
    """PubMedQA's options in a seeded order are the same classes."""
    turned = question("B", options=(("A", "No"), ("B", "yes"), ("C", "maybe")))
    straight = question("A", options=(("A", "yes"), ("B", "no"), ("C", "maybe")))
    assert classes(turned) == classes(straight) == ("maybe", "no", "yes")
    assert MACRO.tally(turned, "B") == MACRO.tally(straight, "A") == (0, 0, 0, 0, 0, 0, 1, 1, 1)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (question("Yes"), ("no", "yes")),
        (question("left"), ()),
        (question("A", options=(("A", "cyst"), ("B", "Cyst."))), ()),
    ],
)
def test_the_classes_of_an_item(item: Item, expected: tuple[str, ...]) -> None:
    assert classes(item) == expected


def test_always_yes_scores_half_of_its_class_only() -> None:
    """Accuracy 0.9, and macro-F1 says what it is worth."""
    items = [question("yes")] * 9 + [question("no")]
    assert MACRO.corpus(items, ["yes"] * 10) == pytest.approx((2 * 9 / 19) / 2)


def test_an_unread_answer_is_a_miss_of_its_class_alone() -> None:
    items = [question("yes"), question("no")]
    assert MACRO.corpus(items, ["yes", "perhaps"]) == pytest.approx(0.5)
    assert MACRO.corpus(items, ["yes", ""]) == pytest.approx(0.5)
    assert by_class(items, [MACRO.row(item, "") for item in items]) == [
        ClassScore("no", 0.0, 1, 0),
        ClassScore("yes", 0.0, 1, 0),
    ]


def test_questions_of_two_lists_of_classes_have_no_score() -> None:
    items = [question("yes"), question("A", options=OPTIONS)]
    rows = [MACRO.row(item, "yes") for item in items]
    assert MACRO.corpus(items, ["yes", "A"]) is None
    assert by_class(items, rows) == []
    assert by_class([], []) == []
