from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.sources import whole_json
from medgpt_cli.data.sources.whole_json import columnar, entries, is_columnar, is_lists, lists
from tests.data.sources.writing import as_json, text


def test_entries_by_key_in_the_files_order(tmp_path: Path) -> None:
    path = as_json(tmp_path / "a.json", {"9": {"x": 1}, "1": {"x": 2}, "5": 3})
    assert list(entries(path)) == [
        ("9", {"x": 1}, ""),
        ("1", {"x": 2}, ""),
        ("5", {}, "is a number where a record belongs"),
    ]


def test_lists_by_key(tmp_path: Path) -> None:
    path = as_json(tmp_path / "a.json", {"train": [{"x": 1}, {"x": 2}], "test": []})
    assert list(lists(path)) == [("train", 1, {"x": 1}, ""), ("train", 2, {"x": 2}, "")]


def test_columns_become_rows_even_where_one_is_short(tmp_path: Path) -> None:
    path = as_json(tmp_path / "a.json", {"q": {"0": "a", "10": "b"}, "r": {"10": "c"}})
    assert list(columnar(path)) == [(1, {"q": "a", "r": None}), (2, {"q": "b", "r": "c"})]


def test_duplicate_keys_inside_an_entry_are_told(tmp_path: Path) -> None:
    path = text(tmp_path / "a.json", '{"1": {"x": 1, "x": 2}}')
    assert list(entries(path)) == [("1", {}, "x the key stands twice in one object")]


def test_shapes_are_known_by_their_heads(tmp_path: Path) -> None:
    by_columns = as_json(tmp_path / "a.json", {"link": {"0": "x"}})
    of_lists = as_json(tmp_path / "b.json", {"train": [{"id": 1, "report": "x"}]})
    array = as_json(tmp_path / "c.json", [{"0": "x"}])
    assert [is_columnar(path) for path in (by_columns, of_lists, array)] == [True, False, False]
    assert [is_lists(path, "report") for path in (by_columns, of_lists, array)] == [False, True, False]
    assert not is_lists(of_lists, "image_path")
    assert not is_columnar(tmp_path / "absent.json")


@pytest.mark.parametrize("written", ["", "[]", '{"a": 1}', '{"a": [}', "\xff"])
def test_another_shape_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "a.json").write_text(written, encoding="latin-1")
    for read in (lists, columnar):
        with pytest.raises(BadRecord, match="is not the JSON object this set is published as"):
            list(read(tmp_path / "a.json"))


def test_what_cannot_be_read_whole_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRecord, match="cannot be read"):
        list(entries(tmp_path / "absent.json"))
    path = as_json(tmp_path / "a.json", {"1": {}})
    monkeypatch.setattr(whole_json, "ARRAY_CAP", 3)
    with pytest.raises(BadRecord, match="is one JSON object over 2 GB"):
        list(entries(path))
