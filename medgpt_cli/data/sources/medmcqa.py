"""MedMCQA, from the hub (Parquet) or as its authors publish it (JSON lines).

The right option is counted from 0 on the hub, where -1 hides it, and from 1 in the authors' files, where the test
split has none.  The kind of file says which; a number that cannot be meant that way stops the file.
"""

from __future__ import annotations

from typing import Any

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.choices import HIDDEN, answer_at, lettered
from medgpt_cli.data.sources.layout import Table
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import table_adapter

_OPTIONS = {"A": "opa", "B": "opb", "C": "opc", "D": "opd"}


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
    first = 0 if row.file.endswith(".parquet") else 1
    number = row.values.get("cop")
    if number is None or (first == 0 and number == -1):
        raise unfit("", HIDDEN)
    if (number in (0, "0") and first == 1) or (number in (4, "4") and first == 0):
        raise BadRecord(
            f"counts the right option from {1 - first}, and the published file of this kind from {first}",
            where=f"{row.place} cop",
            repair="take the published file, or map its columns in a recipe with answer_index or answer_number",
        )
    return answer_at(number, options, first, "cop")


ADAPTER = table_adapter(
    name="medmcqa",
    title="MedMCQA",
    licence="Apache-2.0",
    access=Access.OPEN,
    home="https://huggingface.co/datasets/openlifescienceai/medmcqa",
    use=("sft", "eval"),
    columns=("question", *_OPTIONS.values()),
    tables=(
        *(
            Table(f"data/{split}-*.parquet", split, ("cop", "choice_type", *_OPTIONS.values()))
            for split in ("train", "validation", "test")
        ),
        Table("train.json", "train"),
        Table("dev.json", "validation"),
        Table("test.json", "test"),
    ),
    record=_record,
)
