from __future__ import annotations

from collections import Counter

import pytest

from medgpt_cli.data.looking.choosing import Choice


def chosen(size: int, of: int, seed: int = 0) -> list[int]:
    choice: Choice[int] = Choice(size, seed)
    for item in range(of):
        choice.offer(item)
    assert choice.seen == of
    return choice.items


@pytest.mark.parametrize(("size", "of"), [(0, 5), (3, 2), (3, 3), (5, 100)])
def test_so_many_in_their_order(size: int, of: int) -> None:
    found = chosen(size, of)
    assert found == sorted(set(found))
    assert len(found) == min(size, of)


def test_the_same_seed_chooses_the_same() -> None:
    assert chosen(5, 1000, seed=1) == chosen(5, 1000, seed=1) != chosen(5, 1000, seed=2)


def test_every_item_is_as_likely() -> None:
    counts = Counter(item for seed in range(4000) for item in chosen(3, 10, seed))
    # 1200 each is expected, with a standard deviation of 29.
    assert all(abs(counts[item] - 1200) < 5 * 29 for item in range(10))
