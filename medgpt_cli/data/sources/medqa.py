"""MedQA-USMLE: the authors' JSONL with four and with five options, and its copies on the hub.

    questions/US/4_options/phrases_no_exclude_train.jsonl    4 options, and GBaker/MedQA-USMLE-4-options
    questions/US/train.jsonl                                 5 options
    train.json with sent1, ending0 … ending3, label          GBaker/MedQA-USMLE-4-options-hf

The rest of the authors' archive is in Chinese and other exams, and is not read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.choices import answer_at, lettered
from medgpt_cli.data.sources.layout import Table
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import table_adapter

_SPLITS = {"train": "train", "dev": "validation", "test": "test"}
_ROWS = ("question", "options", "answer_idx")
_ENDINGS = ("sent1", "ending0", "ending3", "label")
_FOUR = "phrases_no_exclude_{}.jsonl"
_HOMES = ("data_clean/questions/", "questions/", "")


def _record(row: Row) -> dict[str, Any]:
    if "sent1" in row.values:
        options = lettered([row.text(f"ending{number}") for number in range(4)])
        question = " ".join(filter(None, (row.text("sent1"), row.word("sent2"))))
        answer = answer_at(row.values["label"], options, 0, "label")
    else:
        options = lettered(row.values["options"])
        question, answer = row.text("question"), row.text("answer_idx")
    return {
        "question": question,
        "options": options,
        "answer": answer,
        "facets": row.facets(step="meta_info") | {"options": str(len(options))},
    }


FOUR = table_adapter(
    name="medqa",
    title="MedQA-USMLE, 4 options",
    licence="CC BY 4.0",
    access=Access.OPEN,
    home="https://huggingface.co/datasets/GBaker/MedQA-USMLE-4-options",
    use=("sft", "eval"),
    columns=_ROWS,
    tables=(
        *(
            Table(f"{home}{_FOUR.format(word)}", split)
            for word, split in _SPLITS.items()
            for home in (*(f"{above}US/4_options/" for above in _HOMES), "4_options/", "")
        ),
        *(Table(f"{word}.json", split, _ENDINGS) for word, split in _SPLITS.items()),
        *(Table(f"data/{word}-*.parquet", word, (*_ROWS, "meta_info")) for word in ("train", "test")),
    ),
    record=_record,
)
_FIVE = table_adapter(
    name="medqa-5",
    title="MedQA-USMLE, 5 options",
    licence="CC BY 4.0",
    access=Access.OPEN,
    home="https://github.com/jind11/MedQA",
    use=("sft", "eval"),
    columns=(*_ROWS, "meta_info"),
    tables=tuple(
        Table(f"{home}{word}.jsonl", split)
        for word, split in _SPLITS.items()
        for home in (*(f"{above}US/" for above in _HOMES), "")
    ),
    record=_record,
)
FIVE = replace(_FIVE, detect=lambda path: _FIVE.detect(path) and not FOUR.detect(path))
"""The authors' archive holds both; it is known as the one with four options."""
ADAPTERS = (FOUR, FIVE)
