"""Medbullets with four and five options: the authors' CSV or column-oriented JSON, and its copies on the hub.

The hub calls the only split train; it is an evaluation set, so every record's split is test.  A question of the
four-option file is one of the five-option file, and its link ties them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from medgpt_cli.core.types import Place
from medgpt_cli.data.sources.adapter import Access, Written
from medgpt_cli.data.sources.choices import lettered
from medgpt_cli.data.sources.layout import Table
from medgpt_cli.data.sources.making import made
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import table_adapter
from medgpt_cli.data.sources.whole_json import columnar, is_columnar

_OPTIONS = {"A": "opa", "B": "opb", "C": "opc", "D": "opd", "E": "ope"}
_FOLDERS = ("", "medbullets/")
_QUESTION = re.compile(r"[?&]qid=(\d+)")


def _record(row: Row) -> dict[str, Any]:
    written = row.values.get("options") or {
        letter: row.word(column) for letter, column in _OPTIONS.items()
    }
    options = lettered(written)
    record: dict[str, Any] = {
        "question": row.text("question"),
        "options": options,
        "answer": row.text("answer_idx", "answer"),
        "split": "test",
        "facets": {"options": str(len(options))},
    }
    match = _QUESTION.search(row.word("link"))
    return record | ({"keys": [f"question:medbullets/{match[1]}"]} if match else {})


_TABLES = table_adapter(
    name="medbullets",
    title="Medbullets (4 and 5 options)",
    licence="research; the questions belong to their site",
    access=Access.RESEARCH,
    home="https://github.com/HanjieChen/ChallengeClinicalQA",
    use=("eval",),
    columns=("question", "answer_idx|answer", "opa|options"),
    tables=(
        *(Table(f"{folder}medbullets_op{number}.csv") for number in (4, 5) for folder in _FOLDERS),
        Table("data/*-*.parquet"),
        Table("*.parquet"),
    ),
    record=_record,
    called=("medbullets",),
)


def _columnar(path: Path) -> list[Path]:
    if path.is_file():
        files = [path] if path.suffix == ".json" and "medbullets" in path.name.lower() else []
    else:
        files = [
            path / folder / f"medbullets_op{number}.json" for number in (4, 5) for folder in _FOLDERS
        ]
    return [file for file in files if is_columnar(file)]


def _read(path: Path) -> Iterator[Written]:
    files = _columnar(path)
    if not files or _TABLES.detect(path):  # the CSV holds the same questions
        yield from _TABLES.read(path)
        return
    root = path if path.is_dir() else path.parent
    for file in files:
        for number, values in columnar(file):
            row = Row(values, Place(str(file), number), file.relative_to(root).as_posix(), root)
            yield made(
                partial(_record, row), row.place, root,
                id=f"{row.file}:{number}", source="medbullets", licence=_TABLES.licence,
            )  # fmt: skip


ADAPTER = replace(
    _TABLES,
    read=_read,
    detect=lambda path: bool(_columnar(path)) or _TABLES.detect(path),
    read_splits=None,
)
