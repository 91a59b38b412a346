"""MMLU's medical subjects: the authors' CSV files, which have no header, or the hub's Parquet.

data/test/anatomy_test.csv                      question, four options, letter
anatomy/test-*.parquet or all/test-*.parquet    question, subject, choices, answer counted from 0
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access, Written
from medgpt_cli.data.sources.choices import answer_at, lettered
from medgpt_cli.data.sources.layout import Table
from medgpt_cli.data.sources.making import made, read_some
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import table_adapter

SUBJECTS = (
    "anatomy",
    "clinical_knowledge",
    "college_biology",
    "college_medicine",
    "medical_genetics",
    "professional_medicine",
)
_SPLITS = {"dev": "dev", "val": "validation", "test": "test"}


def _record(row: Row) -> dict[str, Any] | list[dict[str, Any]]:
    subject = row.word("subject") or row.folder
    if subject not in SUBJECTS:
        return []
    options = lettered(row.values["choices"])
    return {
        "question": row.text("question"),
        "options": options,
        "answer": answer_at(row.values["answer"], options, 0, "answer"),
        "facets": {"subject": subject},
    }


_TABLES = table_adapter(
    name="mmlu-medical",
    title="MMLU, six medical subjects",
    licence="MIT",
    access=Access.OPEN,
    home="https://huggingface.co/datasets/cais/mmlu",
    use=("eval",),
    columns=("question", "choices", "answer", "subject"),
    tables=tuple(
        Table(f"{folder}/{word}-*.parquet", split, unless="anatomy" if folder == "all" else "")
        for word, split in {"dev": "dev", "validation": "validation", "test": "test"}.items()
        for folder in (*SUBJECTS, "all")
    ),
    record=_record,
)


def _csv_files(path: Path) -> list[tuple[Path, str, str]]:
    """The CSV files of the medical subjects as (file, subject, split)."""
    wanted = [(subject, word) for word in _SPLITS for subject in SUBJECTS]
    if path.is_file():
        return [
            (path, subject, _SPLITS[word])
            for subject, word in wanted
            if path.name == f"{subject}_{word}.csv"
        ]
    return [
        (file, subject, _SPLITS[word])
        for subject, word in wanted
        for folder in ("", "data/", f"{word}/", f"data/{word}/")
        if (file := path / folder / f"{subject}_{word}.csv").is_file()
    ]


def _read(path: Path, splits: Collection[str] = ()) -> Iterator[Written]:
    files = _csv_files(path)
    if not files:
        yield from read_some(_TABLES, path, splits)
    for file, subject, split in files:
        if splits and split not in splits:
            continue
        for fields, line in _rows(file):
            yield made(
                partial(_of_fields, fields, subject), Place(str(file), line), file.parent,
                id=f"{file.stem}:{line}", source="mmlu-medical", licence=_TABLES.licence, split=split,
            )  # fmt: skip


def _rows(file: Path) -> Iterator[tuple[list[str], int]]:
    """Fields and last line of each row; a question may run over several lines."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        try:
            for fields in reader:
                if fields:
                    yield fields, reader.line_num
        except (csv.Error, UnicodeDecodeError):
            raise BadRecord(
                "is not a table of this kind", where=f"{file}:{reader.line_num}", repair="copy it again"
            ) from None


def _of_fields(fields: list[str], subject: str) -> dict[str, Any]:
    if len(fields) != 6:
        raise unfit("", f"has {len(fields)} of 6 fields")
    question, *options, answer = fields
    return {
        "question": question,
        "options": lettered(options),
        "answer": answer.strip(),
        "facets": {"subject": subject},
    }


ADAPTER = replace(
    _TABLES,
    read=_read,
    detect=lambda path: bool(_csv_files(path)) or _TABLES.detect(path),
    read_splits=_read,
)
