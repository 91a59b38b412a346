from __future__ import annotations

import pytest

from medgpt_cli.workflows.mix import part_of, unlike_names


def test_a_path_given_twice_has_two_names() -> None:
    assert unlike_names(["a", "b", "a", "a"]) == ["a", "b", "a (2)", "a (3)"]


@pytest.mark.parametrize(("number", "part"), [(0, 0), (2, 0), (3, 2), (6, 2)])
def test_a_record_belongs_to_the_part_in_which_it_stands(number: int, part: int) -> None:
    assert part_of({"a": 3, "empty": 0, "b": 4})(number) == part
