"""PMC-VQA: multiple-choice questions on figures of PubMed Central articles, in two versions.

Choices are written with their letter in front (`A:…`).  Version 1 gives the answer as text beside its letter, under a
header that older files misspell `Anwser`; version 2 (figures without parts) gives the letter alone.  `test_clean.csv`
is the part of version 1's test that was read by people: its questions are those of `test.csv`, marked by a facet.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.figures import figure_keys
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.rows import rows
from medgpt_cli.data.sources.tables import Table, table_adapter

_LETTERS = "ABCD"
_LETTER = re.compile(r"\s*[A-D]\s*:\s*")
_CHOICES = tuple(f"Choice {letter}" for letter in _LETTERS)
_CLEAN = "test_clean.csv"
_HOME = "https://huggingface.co/datasets/RadGenome/PMC-VQA"
_LICENCE = "not established; figures per article"


def _first(row: Row) -> dict[str, Any]:
    label = row.word("Answer_label").rstrip(" :.").upper()
    text = _bare(row.word("Answer", "Anwser"))
    record = _question(row, label or text, "images", "figures")
    meant = [
        letter for letter, choice in record["options"].items() if choice.casefold() == text.casefold()
    ]
    if label and meant and label not in meant:
        raise unfit("Answer_label", "names another choice than the answer's text")
    if (row.word("Figure_path"), row.word("Question")) in _clean(str(row.root)):
        record["facets"] = {"subset": "clean"}
    return record


def _second(row: Row) -> dict[str, Any]:
    record = _question(row, row.text("Answer").rstrip(" :.").upper(), "figures", "images")
    split = row.word("split") or row.split
    return record | ({"split": split} if split else {})


def _question(row: Row, answer: str, *folders: str) -> dict[str, Any]:
    name = row.text("Figure_path")
    choices = {letter: _bare(row.word(f"Choice {letter}")) for letter in _LETTERS}
    return {
        "image": find_picture(row.root, name, *folders, *(f"{folder}_2" for folder in folders), ""),
        "question": row.text("Question"),
        "options": {letter: text for letter, text in choices.items() if text},
        "answer": answer,
        "keys": figure_keys(name),
    }


def _bare(choice: str) -> str:
    """A choice without the letter in front of it."""
    return _LETTER.sub("", choice, count=1).strip() if _LETTER.match(choice) else choice.strip()


@lru_cache(maxsize=1)
def _clean(root: str) -> frozenset[tuple[str, str]]:
    """The questions of the test that people have read."""
    file = Path(root, _CLEAN)
    if not file.is_file():
        return frozenset()
    pairs = ((values.get("Figure_path"), values.get("Question")) for values, _ in rows(file))
    return frozenset(
        (str(figure or "").strip(), str(question or "").strip()) for figure, question in pairs
    )


ADAPTERS = (
    table_adapter(
        name="pmc-vqa",
        title="PMC-VQA version 1",
        licence=_LICENCE,
        access=Access.RESEARCH,
        home=_HOME,
        use=("sft", "eval"),
        tables=(
            Table("train.csv", "train"),
            Table("test.csv", "test"),
            Table(_CLEAN, "test", unless="test.csv"),
        ),
        columns=("Figure_path", "Question", "Answer|Anwser", *_CHOICES),
        record=_first,
    ),
    replace(
        table_adapter(
            name="pmc-vqa-2",
            title="PMC-VQA version 2, figures without parts",
            licence=_LICENCE,
            access=Access.RESEARCH,
            home=_HOME,
            use=("sft", "eval"),
            tables=(Table("train_2.csv", "train"), Table("test_2.csv", "test")),
            columns=("Figure_path", "Question", "Answer", *_CHOICES),
            record=_second,
        ),
        read_splits=None,  # each row says its own
    ),
)
