from collections.abc import Callable

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from medgpt_cli.core.types import Sample
from medgpt_cli.evaluation.items import items_from
from medgpt_cli.evaluation.majority import Majority

OPTIONS = (("A", "left"), ("B", "right"))


@pytest.mark.parametrize("seed", range(5))
def test_equals_sklearns_most_frequent_dummy_in_each_group(
    sample: Callable[..., Sample], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.choice(["plane", "side"], 60)
    answers = rng.choice(["axial", "coronal", "left"], 60, p=[0.5, 0.3, 0.2])
    items, _ = items_from(
        [sample(n, "q", a, source=g) for n, (a, g) in enumerate(zip(answers, groups, strict=True))]
    )
    train, test = items[:40], items[40:]
    majority = Majority(train, "these")
    for group in ("plane", "side"):
        y = [item.gold for item in train if item.group == group]
        seen = [item for item in test if item.group == group]
        dummy = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(y), 1)), y)
        expected = dummy.predict(np.zeros((len(seen), 1))) == [item.gold for item in seen]
        assert [majority.is_right(item) for item in seen] == list(expected)


def test_answers_are_counted_under_the_scorers_profile(sample: Callable[..., Sample]) -> None:
    items, _ = items_from(
        [sample(n, "q", answer) for n, answer in enumerate(["Left.", "left", "right", "LEFT"])]
    )
    majority = Majority(items, "these")
    assert [majority.is_right(item) for item in items] == [True, True, False, True]


def test_ties_do_not_depend_on_the_order(sample: Callable[..., Sample]) -> None:
    items, _ = items_from([sample(1, "q", "right"), sample(2, "q", "left")])
    for order in (items, items[::-1]):
        assert [Majority(order, "these").is_right(item) for item in items] == [False, True]


def test_a_group_never_seen_gets_the_commonest_answer_of_all(sample: Callable[..., Sample]) -> None:
    train, _ = items_from(
        [sample(n, "q", a, source="seen") for n, a in enumerate(["left", "left", "right"])]
    )
    new, _ = items_from([sample(9, "q", "left", source="new")])
    assert Majority(train, "these").is_right(new[0])


def test_letters_and_words_are_counted_apart(sample: Callable[..., Sample]) -> None:
    train, _ = items_from(
        [sample(n, "q", "a") for n in range(3)] + [sample(5, "q", "right", options=OPTIONS)]
    )
    choice, _ = items_from([sample(9, "q", "left", options=OPTIONS)])
    assert not Majority(train, "these").is_right(choice[0])
    words, _ = items_from([sample(1, "q", "left")])
    assert not Majority(words, "these").is_right(choice[0])
