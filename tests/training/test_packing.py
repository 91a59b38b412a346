import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medgpt_cli.training.packing import fill, pack

LENGTHS = st.lists(st.tuples(st.integers(1, 100), st.integers(0, 4)), max_size=60)


@given(LENGTHS, st.integers(0, 3))
@settings(max_examples=200, deadline=None)
def test_every_record_stands_in_one_row_and_no_row_overflows(records, seed):
    tokens, images = [length for length, _ in records], [count for _, count in records]
    rows = pack(range(len(tokens)), tokens, images, max_tokens=100, max_images=5, seed=seed)
    assert sorted(record for row in rows for record in row) == list(range(len(records)))
    assert all(0 < sum(tokens[record] for record in row) <= 100 for row in rows)
    assert all(sum(images[record] for record in row) <= 5 for row in rows)


def skewed(count: int) -> tuple[list[int], list[int]]:
    """Many short dialogues with images, some long documents: log-normal lengths, as instruction sets have them."""
    generator = np.random.default_rng(7)
    tokens = np.clip(generator.lognormal(5.6, 1.1, count), 16, 4096).astype(int)
    return tokens.tolist(), (generator.random(count) < 0.6).astype(int).tolist()


@pytest.mark.parametrize("max_images", [8, 24])
def test_a_skewed_mix_of_ten_thousand_records_fills_its_rows(max_images):
    tokens, images = skewed(10_000)
    rows = pack(range(len(tokens)), tokens, images, max_tokens=4096, max_images=max_images, seed=0)
    assert fill(rows, tokens, 4096) >= 0.985


def test_the_plan_is_decided_by_the_seed():
    tokens, images = skewed(500)

    def plan(seed):
        return pack(range(len(tokens)), tokens, images, max_tokens=4096, max_images=24, seed=seed)

    assert plan(1) == plan(1) != plan(2)


def test_without_a_seed_rows_stand_where_their_first_record_stood():
    tokens, images = skewed(500)
    order = sorted(range(500), key=lambda record: tokens[record])
    rows = pack(order, tokens, images, max_tokens=4096, max_images=24)
    first = [order.index(row[0]) for row in rows]
    assert first == sorted(first)


def test_images_are_a_capacity_of_their_own():
    assert len(pack(range(8), [1] * 8, [2] * 8, max_tokens=100, max_images=4, seed=0)) == 4


@pytest.mark.parametrize(("tokens", "images"), [([101], [0]), ([1], [6])])
def test_a_record_larger_than_a_row_is_a_fault_of_the_caller(tokens, images):
    with pytest.raises(ValueError, match="longer than a row"):
        pack(range(len(tokens)), tokens, images, max_tokens=100, max_images=5, seed=0)
