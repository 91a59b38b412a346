from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from medgpt_cli.data.looking.lengths import WIDEST, Lengths, bar


def test_an_example_by_hand() -> None:
    lengths = Lengths()
    for value in (0, 1, 3, 4, 9):
        lengths.add(value)
    assert lengths.document() == {
        "count": 5,
        "sum": 17,
        "min": 0,
        "median": 3,
        "p90": 9,
        "p99": 9,
        "max": 9,
        "histogram": [
            {"from": 0, "to": 0, "count": 1},
            {"from": 1, "to": 1, "count": 1},
            {"from": 2, "to": 3, "count": 1},
            {"from": 4, "to": 7, "count": 1},
            {"from": 8, "to": 15, "count": 1},
        ],
    }
    assert Lengths().document() == {"count": 0}


@given(st.lists(st.integers(0, 2**40), min_size=1))
def test_every_length_is_in_its_bin_and_quantiles_occur(values: list[int]) -> None:
    lengths = Lengths()
    for value in values:
        lengths.add(value)
    document = lengths.document()
    for each in document["histogram"]:
        inside = np.histogram(values, [each["from"], each["to"] + 0.5])[0][0]
        assert each["count"] == inside
    assert sum(each["count"] for each in document["histogram"]) == len(values) == len(lengths)
    assert {document[name] for name in ("min", "median", "p90", "p99", "max")} <= set(values)


def test_bars() -> None:
    assert bar(8, 8) == "█" * WIDEST
    assert bar(4, 8) == "█" * (WIDEST // 2)
    assert bar(0, 8) == ""
    assert bar(1, 10**9) == "▏"
    assert bar(1, WIDEST * 2) == "▌"
