from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.data.sources.heads import HEAD, columns_of, has_columns
from tests.data.sources.writing import as_csv, as_json, as_jsonl, as_parquet, embedded, text

ROW = {"a": "1", "b": "x, y"}


def test_columns_of_every_kind_of_table(tmp_path: Path) -> None:
    assert columns_of(as_csv(tmp_path / "t.csv", [ROW])) == ("a", "b")
    assert columns_of(text(tmp_path / "t.csv.gz", "a,b", "1,2")) == ("a", "b")
    assert columns_of(text(tmp_path / "t.tsv", "a\tb, c")) == ("a", "b, c")
    assert columns_of(text(tmp_path / "t.txt", "a|b"), "|") == ("a", "b")
    assert columns_of(as_json(tmp_path / "t.json", [ROW, ROW])) == ("a", "b")
    assert columns_of(as_jsonl(tmp_path / "t.jsonl", [ROW])) == ("a", "b")
    assert columns_of(as_parquet(tmp_path / "t.parquet", [{"a": 1, "image": embedded()}])) == (
        "a",
        "image",
    )


@pytest.mark.parametrize(
    "data", [b"", b"[1, 2]", b"no JSON", b"[]", b"\xff\xfe{", b'[{"a": "' + b"x" * HEAD]
)
def test_a_file_that_is_no_such_table_has_none(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_bytes(data)
    assert columns_of(tmp_path / "t.json") == ()
    assert columns_of(tmp_path / "absent.csv") == ()


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfa,b\r\n1,2\r\n")
    assert columns_of(tmp_path / "t.csv") == ("a", "b")


def test_either_of_two_names() -> None:
    assert has_columns(("a", "c"), ("a", "b|c"))
    assert not has_columns(("a",), ("a", "b|c"))
    assert has_columns((), ())
