"""MedMCQA, from the hub (Parquet) or as its authors publish it (JSON lines).

The right option is counted from 0 on the hub, where -1 hides it, and from 1 in the authors' files, where the test
split has none.  The kind of file says which, and a file that counts the other way is refused before it is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access, Written
from medgpt_cli.data.sources.choices import HIDDEN, answer_at, lettered
from medgpt_cli.data.sources.layout import Table, files_of
from medgpt_cli.data.sources.making import read_some
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.rows import rows
from medgpt_cli.data.sources.tables import table_adapter

LOOKED_AT = 10_000
"""Rows looked at; a quarter of them have the number that tells."""

_OPTIONS = {"A": "opa", "B": "opb", "C": "opc", "D": "opd"}

_TABLES = (
    *(
        Table(f"data/{split}-*.parquet", split, ("cop", "choice_type", *_OPTIONS.values()))
        for split in ("train", "validation", "test")
    ),
    Table("train.json", "train"),
    Table("dev.json", "validation"),
    Table("test.json", "test"),
)


def _record(row: Row) -> dict[str, Any]:
    options = lettered({letter: row.text(column) for letter, column in _OPTIONS.items()})
    record: dict[str, Any] = {
        "question": row.text("question"),
        "options": options,
        "answer": _answer(row, options),
        "facets": row.facets(choice_type="choice_type", subject="subject_name", topic="topic_name"),
    }
    if row.word("id"):
        record |= {"id": row.word("id"), "keys": [f"question:medmcqa/{row.word('id')}"]}
    return record


def _answer(row: Row, options: dict[str, str]) -> str:
    first = _first(row.file)
    number = row.values.get("cop")
    if number is None or (first == 0 and number == -1):
        raise unfit("", HIDDEN)
    return answer_at(number, options, first, "cop")


def _first(name: str) -> int:
    """What the published file of this kind counts the first option as."""
    return 0 if name.endswith(".parquet") else 1


def _refuse_other_count(file: Path) -> None:
    """Refuses a file that counts the other way, before a single wrong answer is read from it."""
    first = _first(file.name)
    never = 4 if first == 0 else 0
    for row, place in islice(rows(file), LOOKED_AT):
        if row.get("cop") in (never, str(never)):
            raise BadRecord(
                f"counts the right option from {1 - first}, and the published file of this kind from {first}",
                where=f"{place} cop",
                repair="take the published file, or map its columns in a recipe with answer_index or answer_number",
            )


_PUBLISHED = table_adapter(
    name="medmcqa",
    title="MedMCQA",
    licence="Apache-2.0",
    access=Access.OPEN,
    home="https://huggingface.co/datasets/openlifescienceai/medmcqa",
    use=("sft", "eval"),
    columns=("question", *_OPTIONS.values()),
    tables=_TABLES,
    record=_record,
)


def _read(path: Path, splits: Collection[str] = ()) -> Iterator[Written]:
    for found in files_of(path, _TABLES):
        _refuse_other_count(found.file)
    yield from read_some(_PUBLISHED, path, splits)


ADAPTER = replace(_PUBLISHED, read=_read, read_splits=_read)
