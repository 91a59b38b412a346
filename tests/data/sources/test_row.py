from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.sources.row import ALSO, Row, answers


def row(**values: Any) -> Row:
    return Row(values, Place("/set/data/x.parquet", 3), "data/x.parquet", Path("/set"), "train")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (" a b\n", "a b"),
        (7, "7"),
        (2.5, "2.5"),
        (float("nan"), ""),
        (None, ""),
        ("  ", ""),
        ("", ""),
    ],
)
def test_words(value: Any, word: str) -> None:
    assert row(a=value).word("a") == word


@pytest.mark.parametrize("value", [True, ["a"], {"a": 1}])
def test_other_kinds_are_no_words(value: Any) -> None:
    with pytest.raises(Unfit) as caught:
        row(a=value).word("a")
    assert caught.value.faults[0].field == "a"
    assert caught.value.faults[0].what.endswith("where a text belongs")


def test_the_first_filled_column_counts() -> None:
    assert row(a=None, b=" ", c="x").text("a", "b", "c") == "x"
    with pytest.raises(Unfit) as caught:
        row(a=None).text("a", "b")
    assert caught.value.faults[0][:2] == ("a", "is empty")


def test_facets_leave_out_what_is_not_filled() -> None:
    assert row(a="x", b="", c=3).facets(one="a", two="b", three="c", four="d") == {
        "one": "x",
        "three": "3",
    }


def test_rows_of_parquet_are_counted_from_0_in_a_reference() -> None:
    assert row().embedded("image") == "data/x.parquet#row=2&column=image"


def test_a_row_without_its_picture_is_told() -> None:
    assert row(image=True).embedded("image")
    for missing in (False, 0, None):
        with pytest.raises(Unfit) as caught:
            row(image=missing).embedded("image")
        assert caught.value.faults[0][:2] == ("image", "is empty")


def test_further_answers_stand_in_a_facet_one_a_line() -> None:
    assert answers([" a ", "", "b", "a", "c"]) == ("a", {ALSO: "b\nc"})
    assert answers(["a"]) == ("a", {})
    with pytest.raises(Unfit):
        answers([" "])


@pytest.mark.parametrize(("file", "folder"), [("a/b/c.csv", "b"), ("b/c.csv", "b"), ("c.csv", "")])
def test_the_folder_a_table_lies_in(file: str, folder: str) -> None:
    assert Row({}, Place("x", 1), file, Path("/set")).folder == folder
