from __future__ import annotations

from itertools import pairwise

import numpy as np

from medgpt_cli.models.answering.asked import Asked
from medgpt_cli.models.answering.tree import WORTH, plan

IMAGE = 9


def asked(number: int, ids: list[int], *images: str) -> Asked:
    return Asked(number, np.array(ids, np.int32), images, 5, (), len(ids), len(ids) - 1)


def test_a_beginning_is_parted_where_pictures_differ() -> None:
    head, picture = [1] * WORTH, [IMAGE] * WORTH
    rows = [
        asked(number, [*head, *picture, 3, 10 + number], "a" if number % 2 else "b")
        for number in range(6)
    ]
    planned = plan(rows, IMAGE)
    assert sorted(each.number for each, _ in planned) == list(range(6))
    nodes = {id(node): node for _, node in planned}
    assert len(nodes) == 2  # one a picture
    for each, node in planned:
        assert node is not None
        assert node.asked.images == each.images
        assert (node.length, node.waiting) == (2 * WORTH + 1, 3)
        assert node.parent is not None
        assert (node.parent.length, node.parent.waiting) == (WORTH, 6)
    order = [each.images for each, _ in planned]
    assert (
        sum(one != other for one, other in pairwise(order)) == 1
    )  # those with one picture follow one another


def test_a_beginning_that_saves_too_little_is_not_read_apart() -> None:
    rows = [asked(number, [1] * (WORTH - 1) + [number, 3]) for number in range(2)]
    assert [node for _, node in plan(rows, IMAGE)] == [None, None]
    rows = [asked(number, [1] * WORTH + [number, 3]) for number in range(2)]
    assert all(node is not None and node.length == WORTH for _, node in plan(rows, IMAGE))


def test_the_last_token_is_never_taken_from_elsewhere() -> None:
    same = [asked(number, [1] * (WORTH + 8)) for number in range(3)]
    assert {node.length for _, node in plan(same, IMAGE) if node} == {WORTH + 7}


def test_a_thousand_dialogues_each_longer_than_the_last_are_planned() -> None:
    chain = [asked(number, list(range(10, 60 + number))) for number in range(1000)]
    assert len(plan(chain, IMAGE)) == 1000


def test_nothing_asked_is_nothing_planned() -> None:
    assert plan([], IMAGE) == []
