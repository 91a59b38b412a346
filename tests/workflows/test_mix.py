from __future__ import annotations

import pytest

from medgpt_cli.workflows.mix import in_a_pass, part_of, unlike_names


def test_a_path_given_twice_has_two_names() -> None:
    assert unlike_names(["a", "b", "a", "a"]) == ["a", "b", "a (2)", "a (3)"]


@pytest.mark.parametrize(("number", "part"), [(0, 0), (2, 0), (3, 2), (6, 2)])
def test_a_record_belongs_to_the_part_in_which_it_stands(number: int, part: int) -> None:
    assert part_of({"a": 3, "empty": 0, "b": 4})(number) == part


@pytest.mark.parametrize(
    ("count", "records", "told"),
    [
        (2, 3, "2 of 3 records"),
        (3, 3, "3 of 3 records"),
        (1, 1, "1 of 1 record"),
        (10, 6, "6 records 1.67 times"),
        (1200, 1000, "1,000 records 1.2 times"),
        (4, 1, "1 record 4 times"),
    ],
)
def test_records_that_come_again_are_no_part_of_fewer(count: int, records: int, told: str) -> None:
    assert in_a_pass(count, records) == told
