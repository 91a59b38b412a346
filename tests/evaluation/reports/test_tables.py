"""Damaged extraction files: every fault with its line, and not a word of what the line says."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import BadRecord, NotThere
from medgpt_cli.evaluation.reports.keys import report_key, word_key
from medgpt_cli.evaluation.reports.rows import (
    EntityRow,
    GraphRow,
    Header,
    JudgementRow,
    LabelRow,
    TokenRow,
)
from medgpt_cli.evaluation.reports.tables import AnyRow, Table, write_table

KEY = report_key("a")
HEAD = {"kind": "graphs", "extractor": "x", "model": "y", "format": "medgpt.extracted", "version": 1}
NODE = {"tokens": word_key("lung"), "lower": word_key("lung"), "label": "ANAT-DP"}
LABELS = {"sha256": KEY, "labels": [0] * 14, "vector": "AACAPwAAAAA="}
SMITH = "Smith"


def refused(path: Path, row: type[Any], *lines: Any) -> list[str]:
    path.write_bytes(
        b"".join(
            (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines
        )
    )
    with pytest.raises(BadRecord) as caught:
        Table(path, row)
    assert SMITH not in str(caught.value.as_dict()).replace(str(path), "F")
    return [str(complaint).replace(f"{path}", "F") for complaint in caught.value.complaints] or [
        str(caught.value).replace(f"{path}", "F")
    ]


REPAIR = "write it again with `medgpt eval extract`"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ({"entities": []}, "F:2  object missing required field sha256; "),
        ({"sha256": SMITH, "entities": []}, "F:2 sha256  is not a SHA-256 in 64 lower-case digits; "),
        ({"sha256": KEY}, "F:2  object missing required field entities; "),
        ({"sha256": KEY, "entities": SMITH}, "F:2  expected array, got str - at entities; "),
        (
            {"sha256": KEY, "entities": [], SMITH: SMITH},
            "F:2  has a field that the format does not know; text does not belong here; ",
        ),
        (
            {"sha256": KEY, "entities": [{**NODE, "tokens": SMITH}]},
            "F:2 entities[0].tokens  is not a hash of 16 digits; ",
        ),
        (
            {"sha256": KEY, "entities": [{**NODE, "relations": [["located_at", 1]]}]},
            "F:2 entities[0].relations  points to an entity that is not there; ",
        ),
        (b'{"sha256": "Smith', "F:2  is not a line of JSON in UTF-8; "),
        (b'{"sha256": "\xff"}', "F:2  is not a line of JSON in UTF-8; "),
        (b"Smith", "F:2  is not a line of JSON in UTF-8; "),
        (b"", "F:2  is not a line of JSON in UTF-8; "),
    ],
)
def test_damaged_graphs(tmp_path: Path, line: Any, says: str) -> None:
    assert refused(tmp_path / "g", GraphRow, HEAD, line) == [says.removesuffix("; ")]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"labels": [0] * 13}, "F:2 labels  holds 13 labels, not 14"),
        ({"labels": [0] * 13 + [2]}, "F:2 labels  is out of range: 0 to 3, and 0 or 1 for No Finding"),
        ({"labels": [4] + [0] * 13}, "F:2 labels  is out of range: 0 to 3, and 0 or 1 for No Finding"),
        ({"labels": [-1] + [0] * 13}, "F:2 labels  is out of range: 0 to 3, and 0 or 1 for No Finding"),
        ({"labels": [0.5] + [0] * 13}, "F:2  expected int, got float - at labels[0]"),
        ({"vector": "AACAPw=="}, "F:2 vector  holds 1 numbers, not 1 x 2"),
        ({"vector": "not base64"}, "F:2 vector  is not base64 of numbers"),
        ({"vector": "AAA="}, "F:2 vector  is not base64 of numbers"),
        ({"vector": "AADAfwAAAAA="}, "F:2 vector  holds a number that is not finite"),
    ],
)
def test_damaged_labels(tmp_path: Path, changed: Any, says: str) -> None:
    head = HEAD | {"kind": "labels", "width": 2, "dtype": "<f4"}
    assert refused(tmp_path / "l", LabelRow, head, LABELS | changed) == [says]


@pytest.mark.parametrize(
    ("row", "kind", "line", "says"),
    [
        (
            EntityRow,
            "entities",
            {"types": ["ANATOMY", SMITH], "vectors": ""},
            [
                "types  holds a type that is none of "
                "ABNORMALITY, NON-ABNORMALITY, DISEASE, NON-DISEASE, ANATOMY",
                "vectors  holds 0 numbers, not 2 x 2",
            ],
        ),
        (
            TokenRow,
            "tokens",
            {"count": 1, "vectors": "AACAPwAAAAA="},
            ["count  is less than 2: the marks at beginning and end are missing"],
        ),
        (TokenRow, "tokens", {"count": 2, "vectors": ""}, ["vectors  holds 0 numbers, not 2 x 2"]),
    ],
)
def test_damaged_vectors(tmp_path: Path, row: Any, kind: str, line: Any, says: list[str]) -> None:
    head = HEAD | {"kind": kind, "width": 2, "dtype": "<f4"}
    found = refused(tmp_path / "v", row, head, {"sha256": KEY} | line)
    assert found == [f"F:2 {each}" for each in says]


@pytest.mark.parametrize("line", [{"errors": [0] * 5}, {"errors": [0, 0, 0, 0, 0, -1]}, {"matched": -1}])
def test_damaged_judgements(tmp_path: Path, line: Any) -> None:
    row = {"candidate": KEY, "reference": KEY, "errors": [0] * 6, "matched": 1} | line
    found = refused(tmp_path / "j", JudgementRow, HEAD | {"kind": "judgements"}, row)
    assert found == ["F:2 errors  must be 6 counts, none below 0"]


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"Smith", f"F:1  the first line is not the header of an extraction\n{REPAIR}"),
        ({"sha256": KEY}, f"F:1  the first line is not the header of an extraction\n{REPAIR}"),
        (HEAD | {"version": 2}, f"F:1 format  is not medgpt.extracted version 1\n{REPAIR}"),
        (HEAD | {"format": SMITH}, f"F:1 format  is not medgpt.extracted version 1\n{REPAIR}"),
        (HEAD | {"kind": "tokens"}, "F:1 kind  does not hold graphs\nname the file of graphs"),
    ],
)
def test_other_headers(tmp_path: Path, head: Any, says: str) -> None:
    assert refused(tmp_path / "h", GraphRow, head) == [says]


def test_all_faults_at_once_and_the_same_report_twice(tmp_path: Path) -> None:
    good = {"sha256": KEY, "entities": []}
    assert refused(tmp_path / "f", GraphRow, HEAD, good, b"{", good, HEAD) == [
        "F:3  is not a line of JSON in UTF-8",
        "F:4  is the same report as line 2; keep one of them",
        "F:5  has a field that the format does not know; text does not belong here",
    ]


def test_an_empty_file_and_none(tmp_path: Path) -> None:
    (tmp_path / "e").write_bytes(b"")
    with pytest.raises(BadRecord, match="is empty"):
        Table(tmp_path / "e", GraphRow)
    with pytest.raises(NotThere):
        Table(tmp_path / "none", GraphRow)
    with pytest.raises(BadRecord, match="cannot be read: Is a directory"):
        Table(tmp_path, GraphRow)


def test_rows_come_back_as_written_and_nobody_else_reads_them(tmp_path: Path) -> None:
    rows = [GraphRow(sha256=report_key(str(number)), entities=()) for number in range(5)]
    path = tmp_path / "graphs.jsonl"
    header = Header(kind="graphs", extractor="x", model="y", settings={"layer": 5, "baseline": 0.5})
    assert write_table(path, header, rows) == 5
    table = Table(path, GraphRow)
    assert [table[key] for key in table] == rows
    assert table.header == header
    assert not stat.S_IMODE(path.stat().st_mode) & 0o007
    assert list(tmp_path.iterdir()) == [path]


def test_rows_that_break_off_are_kept(tmp_path: Path) -> None:
    def rows() -> Any:
        yield GraphRow(sha256=KEY, entities=())
        raise KeyboardInterrupt

    path = tmp_path / "graphs.jsonl"
    header = Header(kind="graphs", extractor="x", model="y")
    with pytest.raises(KeyboardInterrupt):
        write_table(path, header, rows())
    assert list(Table(path, GraphRow)) == [KEY]

    def none() -> Any:
        raise KeyboardInterrupt
        yield

    other = tmp_path / "other.jsonl"
    with pytest.raises(KeyboardInterrupt):
        write_table(other, header, none())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (GraphRow, {"sha256": "no", "entities": ()}),
        (EntityRow, {"sha256": "no", "types": (), "vectors": ""}),
        (LabelRow, {"sha256": "no", "labels": (0,) * 14, "vector": ""}),
        (TokenRow, {"sha256": "no", "count": 2, "vectors": ""}),
        (JudgementRow, {"candidate": "no", "reference": "no", "errors": (0,) * 6}),
    ],
)
def test_every_kind_of_row_has_a_key_and_says_what_is_wrong_with_it(
    kind: type[AnyRow], fields: dict[str, Any]
) -> None:
    row = kind(**fields)
    assert row.key.startswith("no")
    assert "is not a SHA-256" in next(row.faults(Header(**HEAD))).what
