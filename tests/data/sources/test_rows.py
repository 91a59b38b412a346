from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.sources import rows as module
from medgpt_cli.data.sources.rows import rows
from tests.data.sources.writing import as_csv, as_json, as_jsonl, as_parquet, embedded, text

ROW = {"a": "1", "b": 'x, "y"\nz'}


def values(path: Path, **more: Any) -> list[dict[str, Any]]:
    return [row for row, _ in rows(path, **more)]


def as_arrow(path: Path, table: list[dict[str, Any]]) -> Path:
    batch = pa.RecordBatch.from_pylist(table)
    with pa.ipc.new_stream(str(path), batch.schema) as stream:
        stream.write_batch(batch)
    return path


@pytest.mark.parametrize(
    "ending", [".csv", ".csv.gz", ".json", ".jsonl", ".jsonl.gz", ".parquet", ".arrow"]
)
def test_every_kind_of_file_gives_the_same_rows(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"t{ending}"
    kind = ending.removesuffix(".gz")
    write: Any = {
        ".csv": as_csv,
        ".json": as_json,
        ".jsonl": as_jsonl,
        ".parquet": as_parquet,
        ".arrow": as_arrow,
    }[kind]
    write(path, [ROW, ROW])
    assert values(path, columns=("a", "b")) == [ROW, ROW]


def test_the_place_of_a_row_is_its_line_or_its_number(tmp_path: Path) -> None:
    def lines(path: Path) -> list[int]:
        assert {place.file for _, place in rows(path)} == {str(path)}
        return [place.line for _, place in rows(path)]

    assert lines(as_jsonl(tmp_path / "t.jsonl", [ROW, ROW])) == [1, 2]
    assert lines(as_json(tmp_path / "t.json", [{"a": 1}, {"a": 2}])) == [2, 5]
    assert lines(as_csv(tmp_path / "t.csv", [ROW, ROW])) == [3, 5]
    assert lines(as_parquet(tmp_path / "t.parquet", [ROW, ROW])) == [1, 2]
    assert lines(as_arrow(tmp_path / "t.arrow", [ROW, ROW])) == [1, 2]


def test_tables_with_other_delimiters(tmp_path: Path) -> None:
    assert values(text(tmp_path / "t.tsv", "a\tb", "1\t2,3")) == [{"a": "1", "b": "2,3"}]
    assert values(text(tmp_path / "t.txt", "a|b", "1|2,3"), delimiter="|") == [{"a": "1", "b": "2,3"}]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet", ".arrow"])
def test_columns_it_lacks_are_told_before_the_first_row(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"t{ending}"
    write: Any = {".csv": as_csv, ".jsonl": as_jsonl, ".parquet": as_parquet, ".arrow": as_arrow}[ending]
    write(path, [{"a": "1", "b": "2"}])
    with pytest.raises(BadRecord) as caught:
        next(rows(path, columns=("a", "question", "answer")))
    assert caught.value.what == "lacks the columns question, answer; it has a, b"
    assert caught.value.where == str(path)


def test_a_line_that_is_no_json_is_told_in_its_place(tmp_path: Path) -> None:
    path = text(tmp_path / "t.jsonl", '{"a": 1}', '{"a": 1, "a": 2}', '{"a": 3}')
    found = list(rows(path))
    assert [place.line for _, place in found] == [1, 2, 3]
    assert found[1][0] == {"": "the key stands twice in one object"}


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        (
            "t.csv",
            b'a,b\n1,"open',
            "is not a table of this kind: a quote is not closed, or a field is over 16 MB",
        ),
        ("t.csv", b"a,b\n1,\xff\n", "is not UTF-8"),
        ("t.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 9999, mtime=0)[:-20], "is broken or cut short"),
        ("t.csv.gz", b"no gzip at all", "is broken or cut short"),
        ("t.parquet", b"PAR1 and nothing more", "is not a whole Parquet file"),
        ("t.arrow", b"no stream", "is not a whole Arrow stream"),
        ("t.json", b'[{"a": 1', None),
    ],
)
def test_a_broken_file_is_refused_with_a_reason(
    name: str, data: bytes, what: str | None, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadRecord) as caught:
        list(rows(tmp_path / name))
    assert what is None or caught.value.what == what
    assert str(tmp_path / name) in caught.value.where


def test_a_field_over_the_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIELD_CAP", 10)
    before = csv.field_size_limit()
    try:
        with pytest.raises(BadRecord, match="a field is over"):
            list(rows(text(tmp_path / "t.csv", "a", "x" * 11)))
    finally:
        csv.field_size_limit(before)


def test_pictures_are_counted_and_their_bytes_left_where_they_are(tmp_path: Path) -> None:
    table = [
        {"n": 1, "image": embedded(), "images": [embedded(), embedded()]},
        {"n": 2, "image": None, "images": []},
    ]
    for path in (as_parquet(tmp_path / "t.parquet", table), as_arrow(tmp_path / "t.arrow", table)):
        assert values(path) == [{"n": 1, "image": 1, "images": 2}, {"n": 2, "image": 0, "images": 0}]


def test_rows_of_many_batches_and_row_groups_come_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 7)
    table = pa.table({"n": list(range(100))})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=9)
    assert [(row["n"], place.line) for row, place in rows(tmp_path / "t.parquet")] == [
        (n, n + 1) for n in range(100)
    ]
