"""Sets joined by pairs, beside networkx-free counting by hand."""

from __future__ import annotations

import random

import numpy as np

from medgpt_cli.data.duplicates.unions import Unions, runs_joined


def by_hand(size: int, pairs: list[tuple[int, int]]) -> list[int]:
    labels = list(range(size))
    for one, other in pairs:
        low, high = sorted((labels[one], labels[other]))
        labels = [low if label == high else label for label in labels]
    return labels


def test_batches_of_pairs_join_as_one_by_one() -> None:
    draw = random.Random(1)
    for _ in range(20):
        pairs = [(draw.randrange(60), draw.randrange(60)) for _ in range(40)]
        unions = Unions(60)
        for start in range(0, 40, 13):
            one, other = np.array(pairs[start : start + 13]).T
            unions.join(one, other)
        assert unions.labels.tolist() == by_hand(60, pairs)


def test_together() -> None:
    unions = Unions(4)
    unions.join(np.array([0]), np.array([3]))
    assert unions.together(np.array([0, 1]), np.array([3, 3])).tolist() == [True, False]
    unions.join(np.array([], int), np.array([], int))
    assert Unions(0).labels.tolist() == []


def test_equal_keys_are_joined() -> None:
    unions = Unions(6)
    runs_joined(np.array([7, 8, 7, 9, 8]), np.array([5, 4, 1, 0, 2]), unions)
    assert unions.labels.tolist() == [0, 1, 2, 3, 2, 1]
