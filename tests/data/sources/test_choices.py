from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.sources.choices import answer_at, lettered, literal_list, unlettered


@pytest.mark.parametrize(
    ("written", "options"),
    [
        (["x", "y"], {"A": "x", "B": "y"}),
        ({"A": "x", "B": None, "C": "y"}, {"A": "x", "C": "y"}),
        ([{"letter": "A", "content": "x"}, {"letter": "B", "content": "y"}], {"A": "x", "B": "y"}),
        (["A. x", "B. y"], {"A": "x", "B": "y"}),
        (["(A) x", "(B) y"], {"A": "x", "B": "y"}),
        (["A: x", "no"], {"A": "A: x", "B": "no"}),
        ([1, 2.5], {"A": "1", "B": "2.5"}),
        ([], {}),
    ],
)
def test_options_as_sets_write_them(written: Any, options: dict[str, str]) -> None:
    assert lettered(written) == options


@pytest.mark.parametrize("written", ["a", None, 3, [["x"]], [{"content": "x"}], ["x"] * 27])
def test_what_is_no_options(written: Any) -> None:
    with pytest.raises(Unfit):
        lettered(written)


def test_letters_are_taken_off_only_when_each_option_has_its_own() -> None:
    assert unlettered(["A. one", "C. two"]) == ["A. one", "C. two"]
    assert unlettered(["A-V block", "B cells"]) == ["A-V block", "B cells"]


def test_a_stringified_list_is_read_and_never_run() -> None:
    assert literal_list("['a', 'it\\'s', \"b\"]") == ["a", "it's", "b"]
    assert literal_list(["a"]) == ["a"]
    assert literal_list("[]") == []
    for hostile in (
        "__import__('os').system('true')",
        "[__import__('os')]",
        "['a'",
        "{'a': 1}",
        "[['a']]",
        "[" * 5000,
        "['" + "a" * 70000 + "']",
        "",
        None,
    ):
        with pytest.raises(Unfit) as caught:
            literal_list(hostile)
        assert caught.value.faults[0].field == "options"


def test_positions_count_from_where_the_set_says() -> None:
    assert answer_at(0, "ABCD", 0, "cop") == "A"
    assert answer_at(1, "ABCD", 1, "cop") == "A"
    assert answer_at("3", "ABCD", 0, "cop") == "D"
    for position, first in ((4, 0), (-1, 0), (0, 1), (5, 1), (None, 0), (1.0, 0), ("B", 0), (True, 0)):
        with pytest.raises(Unfit):
            answer_at(position, "ABCD", first, "cop")
