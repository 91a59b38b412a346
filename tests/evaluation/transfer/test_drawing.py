from __future__ import annotations

import numpy as np

from medgpt_cli.evaluation.transfer.drawing import degrees, drawn_sums

COUNT = 40
COLUMNS = np.arange(2.0 * COUNT).reshape(-1, 1) % COUNT
CASES = [f"case {number:03d}" for number in range(2 * COUNT)]
GOLD = [0] * COUNT + [1] * COUNT


def test_each_class_keeps_its_number_of_cases() -> None:
    marks = np.stack([np.equal(GOLD, 0), np.equal(GOLD, 1)], axis=1).astype(float)
    drawn = drawn_sums(marks, GOLD, CASES, seed=0)
    assert (drawn == COUNT).all()


def test_classes_of_equal_size_are_drawn_apart() -> None:
    apart = np.zeros((2 * COUNT, 2))
    apart[:COUNT, 0] = apart[COUNT:, 1] = COLUMNS[:COUNT, 0]
    first, second = drawn_sums(apart, GOLD, CASES, seed=0).T
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1


def test_sets_and_seeds_are_drawn_apart_and_each_is_repeatable() -> None:
    draws = [
        drawn_sums(COLUMNS, GOLD, CASES, seed=seed, place=place)[:, 0]
        for seed, place in ((0, 0), (0, 1), (1, 0))
    ]
    assert np.array_equal(draws[0], drawn_sums(COLUMNS, GOLD, CASES, seed=0)[:, 0])
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.corrcoef(draws[one], draws[other])[0, 1]) < 0.1


def test_each_class_takes_one_case_from_what_an_interval_rests_on() -> None:
    assert degrees([0, 0, 1, 2], ["a", "a", "b", "c"]) == 1
    assert degrees([0, 0, 1, 1], ["a", "b", "c", "d"]) == 3
