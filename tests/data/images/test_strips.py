from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images import strips
from medgpt_cli.data.images.stretch import ends_of, middle_of, stretched
from medgpt_cli.data.images.strips import in_strips, through_table


@pytest.mark.parametrize("strip", [1, 100, 10**7])
def test_strips_are_the_whole(monkeypatch: pytest.MonkeyPatch, strip: int) -> None:
    monkeypatch.setattr(strips, "STRIP", strip)
    values = np.random.default_rng(0).integers(0, 255, (33, 17, 3))
    assert np.array_equal(in_strips(values, lambda v: (v // 2).astype(np.uint8)), values // 2)


@pytest.mark.parametrize("dtype", ["u1", "i1", "<u2", ">u2", "<i2", ">i2"])
@pytest.mark.parametrize("strip", [100, 10**7])
def test_a_table_of_every_value_is_the_function(
    monkeypatch: pytest.MonkeyPatch, dtype: Any, strip: int
) -> None:
    monkeypatch.setattr(strips, "STRIP", strip)
    values = np.random.default_rng(0).integers(-128, 127, (40, 30)).astype(dtype)
    for each in (values, values[::2, ::-1], np.asfortranarray(values)):
        assert np.array_equal(through_table(each, lambda v: (v % 101).astype(np.uint8)), each % 101)


def test_neither_needs_several_copies_of_the_picture() -> None:
    values = np.zeros((4000, 4000), np.uint16)
    tracemalloc.start()
    try:
        through_table(values, lambda v: (v // 256).astype(np.uint8))
        stretched(values.view(np.float16), -1, 1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (
        peak < 16e6 * 2 + 150e6
    )  # one result each, and strips; float64 throughout would be 128 MB a copy


def test_the_middle_and_the_ends() -> None:
    values = np.array([[np.nan, -5, 0, 1, 2], [3, 4, np.inf, -np.inf, 100]], np.float32)
    assert ends_of(values) == (-5, 100)
    low, high = np.percentile(values[np.isfinite(values)], [0.5, 99.5])
    assert middle_of(values) == (pytest.approx(low), pytest.approx(high))
    assert middle_of(np.zeros((5, 5))) == (0, 0)
    with pytest.raises(BadImage, match="no finite value"):
        middle_of(np.full((5, 5), np.nan))
