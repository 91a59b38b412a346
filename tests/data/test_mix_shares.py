from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.data.mix_shares import Ingredient, counts, shares


@pytest.mark.parametrize(
    ("ingredients", "temperature", "wanted", "whole"),
    [
        # 3 to 1 of 120 records in all.
        ([(100, 3.0, None, None), (20, 1.0, None, None)], None, (0.75, 0.25), (90, 30)),
        # Square roots of 900 and 100 are 30 and 10.
        ([(900, None, None, None), (100, None, None, None)], 2.0, (0.75, 0.25), (750, 250)),
        ([(900, None, None, None), (100, None, None, None)], 1.0, (0.9, 0.1), (900, 100)),
        ([(900, None, None, None), (100, None, None, None)], 1e9, (0.5, 0.5), (500, 500)),
        # A cap alone shortens its own source; twice through one source makes it twice as many.
        ([(100, None, 10, None), (20, None, None, 2.0)], None, (0.2, 0.8), (10, 40)),
        ([(100, None, None, 0.25), (20, None, None, None)], None, (25 / 45, 20 / 45), (25, 20)),
        # The second may give 20 in a pass and its share is a half, so a pass has 40.
        ([(100, 1.0, None, None), (20, 1.0, None, 1.0)], None, (0.5, 0.5), (20, 20)),
        ([(100, 1.0, None, None), (20, 1.0, 5, None)], None, (0.5, 0.5), (5, 5)),
        # Thirds of 10: the remainders are alike, and the first has the odd one.
        (
            [(4, 1.0, None, None), (3, 1.0, None, None), (3, 1.0, None, None)],
            None,
            (1 / 3,) * 3,
            (4, 3, 3),
        ),
    ],
)
def test_shares_and_counts_of_examples_worked_by_hand(
    ingredients: list, temperature: float | None, wanted: tuple, whole: tuple
) -> None:
    sources = [Ingredient("x", *each) for each in ingredients]
    found = shares(sources, temperature)
    assert found == pytest.approx(wanted)
    assert counts(sources, found) == whole


@settings(deadline=None, max_examples=50)
@given(st.floats(0.5, 1e6), st.lists(st.integers(1, 10**6), min_size=2, max_size=5))
def test_temperature_is_its_formula(temperature: float, sizes: list[int]) -> None:
    mass = np.asarray(sizes, np.longdouble) ** np.longdouble(1 / temperature)
    ours = shares([Ingredient("x", size) for size in sizes], temperature)
    assert ours == pytest.approx((mass / mass.sum()).astype(float).tolist(), rel=1e-9)


def test_a_source_that_would_never_be_seen_is_refused() -> None:
    sources = [Ingredient("0", 50, 1.0), Ingredient("1", 50, 1e-6)]
    with pytest.raises(BadRecipe) as caught:
        counts(sources, shares(sources, None))
    assert str(caught.value) == (
        "data.mix.1  1 has a share of 1e-06, no record in a pass of 100\nraise its weight, or leave it out"
    )
