"""Whatever stands in a column, a row becomes a record or a fault, and the rows around it are read."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.data.sources.reading import read
from tests.data.sources.test_registry import LAYOUTS, NAMES
from tests.data.sources.writing import as_csv, as_json, as_jsonl

STRANGE = [
    None,
    True,
    3,
    1.5,
    -1,
    "",
    " ",
    ".",
    "/",
    "..",
    "a/../b",
    "\0",
    "#row=1",
    "|",
    "[",
    [],
    [1],
    [None],
    {},
    {"a": 1},
]


def spoilt(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row, then copies with one column after the other replaced by every strange value and left out."""
    found = []
    for row in rows[:2]:
        found.append(row)
        for column in row:
            found += [{**row, column: value} for value in STRANGE]
            found.append({key: value for key, value in row.items() if key != column})
    return found


def spoil(file: Path) -> int:
    """Rewrites a table so; the number of rows that stayed whole."""
    if file.suffix == ".csv":
        with file.open(newline="") as stream:
            rows: list[dict[str, Any]] = list(csv.DictReader(stream))
        if not rows:
            return 0
        texts = [row for row in spoilt(rows) if all(isinstance(value, str) for value in row.values())]
        as_csv(file, texts, rows[0])
    elif file.suffix == ".jsonl":
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        as_jsonl(file, spoilt(rows))
    else:
        rows = json.loads(file.read_text())
        if not isinstance(rows, list):
            return 0
        as_json(file, spoilt(rows))
    return min(len(rows), 2)


@pytest.mark.parametrize("name", NAMES)
def test_strange_values_cost_their_rows_alone(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    LAYOUTS[name](folder)
    tables = [file for kind in ("json", "jsonl", "csv") for file in folder.rglob(f"*.{kind}")]
    whole = sum(spoil(file) for file in tables)
    samples, _ = read(name, folder)
    # Where a set is several tables, some only say more about the rows of another.
    assert len(samples) >= (whole if len(tables) == 1 else 1)
