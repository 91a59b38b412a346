from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.data.mix_shares import Ingredient
from medgpt_cli.data.mixing import Mixture, Order


def mixture(*sizes: int, seed: int = 3, **words: object) -> Mixture:
    return Mixture([Ingredient(f"{i}", n) for i, n in enumerate(sizes)], seed=seed, **words)


@pytest.mark.parametrize("sizes", [(7,), (7, 5), (1, 1, 1)])
@pytest.mark.parametrize("number", [0, 1, 17])
def test_without_shares_a_pass_is_the_permutation_of_the_first_release(
    sizes: tuple[int, ...], number: int
) -> None:
    generator = torch.Generator().manual_seed(3 * 1_000_003 + number)
    expected = torch.randperm(sum(sizes), generator=generator).tolist()
    assert mixture(*sizes).of_pass(number).tolist() == expected


def test_another_pass_and_another_seed_are_another_order() -> None:
    orders = {tuple(mixture(50, seed=seed).of_pass(n)) for seed in (0, 1) for n in (0, 1)}
    assert len(orders) == 4


sources = st.lists(
    st.tuples(
        st.integers(1, 40),
        st.floats(0.2, 5),
        st.one_of(st.none(), st.integers(1, 40)),
        st.one_of(st.none(), st.floats(0.1, 3)),
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=60)
@given(
    sources,
    st.sampled_from(["weights", "temperature", "sizes"]),
    st.sampled_from(["shuffled", "as-given", "short-first"]),
    st.integers(0, 2**32 - 1),
    st.integers(1, 6),
)
def test_what_holds_for_every_mixture(
    given_sources: list, told: str, order: Order, seed: int, passes: int
) -> None:
    ingredients = [
        Ingredient(f"{i}", n, weight if told == "weights" else None, cap, epochs)
        for i, (n, weight, cap, epochs) in enumerate(given_sources)
    ]
    lengths = np.random.default_rng(seed).integers(1, 9, sum(n for n, *_ in given_sources))
    words = {
        "seed": seed,
        "order": order,
        "temperature": 3.0 if told == "temperature" else None,
        "lengths": lengths,
    }
    try:
        mixed = Mixture(ingredients, **words)
    except BadRecipe:
        return  # a share below one record, which is refused
    length = len(mixed)
    # Counts are the shares to within one record, and no limit is passed.
    for each, share, count in zip(ingredients, mixed.shares, mixed.counts, strict=True):
        assert abs(count - share * length) < 1 + 1e-6
        assert not each.bounded or count <= each.offer
    assert sum(mixed.shares) == pytest.approx(1)
    seen = [Counter() for _ in ingredients]
    positions = []
    for number in range(passes):
        one = mixed.of_pass(number).tolist()
        assert [Counter(map(mixed.source_of, one))[i] for i in range(len(ingredients))] == list(
            mixed.counts
        )
        for at in range(number * length, (number + 1) * length):
            source, record = mixed.at(at)
            assert 0 <= record < ingredients[source].records
            seen[source][record] += 1
            positions.append((source, record))
        if order == "short-first":
            assert (np.diff(lengths[one]) >= 0).all()
        if order == "as-given":
            assert [s for s, _ in positions[-length:]] == sorted(s for s, _ in positions[-length:])
    # Each record of a source was seen equally often, give or take once.
    for each, count in zip(ingredients, seen, strict=True):
        times = [count[record] for record in range(each.records)]
        assert max(times) - min(times) <= 1
    # A mixture made anew at any position goes on with the same records, asked in any order.
    again = Mixture(ingredients, **words)
    for at in reversed(range(len(positions) // 2, len(positions))):
        assert again.at(at) == positions[at]


def test_a_capped_source_goes_on_where_it_stopped() -> None:
    mixed = Mixture([Ingredient("a", 10, cap=4), Ingredient("b", 3)], seed=0)
    first, second = (
        {int(n) for n in mixed.of_pass(number) if mixed.source_of(int(n)) == 0} for number in (0, 1)
    )
    assert len(first) == len(second) == 4
    assert not first & second
    given_order = Mixture([Ingredient("a", 10, cap=4), Ingredient("b", 3)], seed=0, order="as-given")
    assert given_order.of_pass(1).tolist() == [4, 5, 6, 7, 10, 11, 12]


def test_every_round_through_a_source_has_an_order_of_its_own() -> None:
    mixed = Mixture([Ingredient("a", 50, cap=10), Ingredient("b", 1)], seed=0)
    rounds = [
        tuple(frozenset(mixed.of_pass(5 * number + part).tolist()) for part in range(5))
        for number in range(3)
    ]
    assert len(set(rounds)) == 3


def test_the_short_come_first_only_where_lengths_are_known() -> None:
    with pytest.raises(ValueError, match="lengths"):
        mixture(5, order="short-first").of_pass(0)
