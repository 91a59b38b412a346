"""MMMU and MMMU-Pro, the five subjects of Health and Medicine.

Pictures are named in the text, `<image 3>`, in the question and in the options, in any order and more than once: a
record shows them in the order they are named.  Options are a list written as a text; MMMU has open questions too, and
hides the answers of its test split.  In MMMU-Pro's vision configuration question and options stand in the picture.
"""

from __future__ import annotations

import re
from typing import Any

from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.marks import MARK
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.choices import HIDDEN, lettered, literal_list
from medgpt_cli.data.sources.layout import Table
from medgpt_cli.data.sources.row import Row, answers
from medgpt_cli.data.sources.shown import shown
from medgpt_cli.data.sources.tables import table_adapter

SUBJECTS = (
    "Basic_Medical_Science",
    "Clinical_Medicine",
    "Diagnostics_and_Laboratory_Medicine",
    "Pharmacy",
    "Public_Health",
)
ASK_VISION = "The picture shows a question and its options. Answer with the letter of the right option."

_NAMED = re.compile(r"<image\s*(\d+)>")
_SUBJECT = re.compile(r"[a-z]+_(.+)_\d+")


def _medical(row: Row) -> bool:
    """Whether a row is of a medical subject, by its column, its id or its folder."""
    by_id = _SUBJECT.fullmatch(row.word("id"))
    found = [row.word("subject"), by_id[1] if by_id else "", row.folder]
    return any(subject in SUBJECTS for subject in found)


def _record(row: Row) -> dict[str, Any] | list[dict[str, Any]]:
    if not _medical(row):
        return []
    vision = row.folder == "vision"
    record: dict[str, Any] = {
        "facets": row.facets(
            difficulty="topic_difficulty", subfield="subfield", question_type="question_type"
        )
    }
    record["facets"]["subject"] = _subject(row)
    if row.word("id"):
        record |= {"id": row.word("id"), "keys": [f"question:mmmu/{row.word('id')}"]}
    if row.folder.startswith(("standard", "vision")):
        record["facets"]["configuration"] = row.folder
        record["id"] = f"{row.word('id')}/{record['facets']['configuration']}"
    answer = row.word("answer")
    if answer in ("", "?"):
        raise unfit("", HIDDEN)
    if vision:
        images = shown(row, "image")
        if not images:
            raise unfit("image", "holds no picture")
        return record | {"question": ASK_VISION, "answer": answer, "images": images}
    options = lettered(literal_list(row.values["options"]))
    question = row.text("question")
    if not options:
        answer, also = answers([str(each) for each in _accepted(answer)])
        record["facets"] |= also
    question, options, images = _placed(row, question, options)
    record |= {"question": question, "answer": answer}
    return record | ({"options": options} if options else {}) | ({"images": images} if images else {})


def _subject(row: Row) -> str:
    match = _SUBJECT.fullmatch(row.word("id"))
    return row.word("subject") or (match[1] if match else row.folder)


def _accepted(answer: str) -> list[Any]:
    """The answers of an open question: one, or several in a list written as a text."""
    return literal_list(answer, "answer") if answer.startswith("[") else [answer]


def _placed(row: Row, question: str, options: dict[str, str]) -> tuple[str, dict[str, str], list[str]]:
    """Question and options with our marks, and the pictures in the order they are named."""
    there = {
        int(ref.rpartition("_")[2]): ref for ref in shown(row, *(f"image_{n}" for n in range(1, 8)))
    }
    images: list[str] = []

    def mark(match: re.Match[str]) -> str:
        if int(match[1]) not in there:
            raise unfit(f"image_{match[1]}", "is named in the text and holds no picture")
        images.append(there[int(match[1])])
        return MARK

    question = _NAMED.sub(mark, question)
    options = {letter: _NAMED.sub(mark, text) for letter, text in options.items()}
    # Pictures that are not named belong to the explanation; where none is named, all come first.
    return question, options, images or list(there.values())


MMMU = table_adapter(
    name="mmmu-medical",
    title="MMMU, Health and Medicine",
    licence="Apache-2.0",
    access=Access.OPEN,
    home="https://huggingface.co/datasets/MMMU/MMMU",
    use=("eval",),
    columns=("id", "question", "options", "answer", "image_1", "question_type"),
    tables=tuple(
        Table(f"{folder}/{split}-*.parquet", split)
        for split in ("dev", "validation", "test")
        for folder in (*SUBJECTS, "data")
    ),
    record=_record,
)
MMMU_PRO = table_adapter(
    name="mmmu-pro-medical",
    title="MMMU-Pro, Health and Medicine",
    licence="Apache-2.0",
    access=Access.OPEN,
    home="https://huggingface.co/datasets/MMMU/MMMU_Pro",
    use=("eval",),
    columns=("id", "options", "answer", "subject", "image_1|image"),
    tables=tuple(
        Table(f"{folder}/test-*.parquet", "test")
        for folder in ("standard (4 options)", "standard (10 options)", "vision")
    ),
    record=_record,
)
ADAPTERS = (MMMU, MMMU_PRO)
