"""Pasted tables: the heading says what the cells are."""

from __future__ import annotations

import pytest

from tests.data.privacy.seen import seen


@pytest.mark.parametrize("mark", ["\t", "|", ","])
def test_cells_are_what_their_heading_says(mark: str) -> None:
    text = f"name{mark}mrn{mark}sex{mark}city\nqwzx vrrk{mark}12x{mark}F{mark}brrv\n"
    assert seen(text) == [("name!", "qwzx vrrk"), ("record_number!", "12x"), ("place", "brrv")]


def test_quoted_cells_may_hold_a_comma() -> None:
    text = 'Patient Name,MRN,Finding\n"Vrrk, Qwzx",7,clear\n'
    assert seen(text) == [("name!", "Vrrk, Qwzx"), ("record_number!", "7")]


def test_a_line_that_is_no_heading_starts_nothing() -> None:
    assert seen("lungs, heart, bones\nclear, normal, intact\n") == []


def test_a_table_ends_with_its_last_row() -> None:
    assert seen("name\tmrn\tsex\nvrrk\t7\tF\nlungs are clear\n") == [
        ("name!", "vrrk"),
        ("record_number!", "7"),
    ]
