"""MedXpertQA, MM (pictures, 5 options) and Text (10 options), as rows of the hub or of the authors' harness.

The question as published ends with "Answer Choices: (A) … (B) …"; the options are kept, the tail is not, or they
would be read twice.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from medgpt_cli.data.complaints import kind, unfit
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.choices import lettered
from medgpt_cli.data.sources.layout import Table
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import table_adapter

TAIL = "Answer Choices:"


def without_choices(question: str, letters: list[str]) -> str:
    """A question without the tail that repeats its options; as it is, if the tail is another."""
    at = question.rfind(TAIL)
    if at < 0 or not all(f"({letter})" in question[at:] for letter in letters):
        return question
    return question[:at].rstrip()


def _record(row: Row) -> dict[str, Any]:
    options = lettered(row.values["options"])
    label = row.values["label"]
    if type(label) is list and len(label) == 1:
        label = label[0]
    if type(label) is not str or label not in options:
        raise unfit("label", "is no letter of an option")
    record: dict[str, Any] = {
        "question": without_choices(row.text("question"), list(options)),
        "options": options,
        "answer": label,
        "facets": row.facets(
            medical_task="medical_task", body_system="body_system", question_type="question_type"
        ),
    }
    if row.word("id"):
        record |= {"id": row.word("id"), "keys": [f"question:medxpertqa/{row.word('id')}"]}
    images = row.values.get("images") or []
    if type(images) is not list:
        raise unfit("images", f"is {kind(images)} where a list belongs")
    names = [_name(image) for image in images]
    if names:
        folder = PurePosixPath(row.file).parent
        near = ((above / "images").as_posix() for above in (folder, folder.parent))
        folders = dict.fromkeys(("images", "", "MM/images", *near))
        record["images"] = [find_picture(row.root, name, *folders) for name in names]
    return record


def _name(image: Any) -> str:
    name = image.get("image_path") if type(image) is dict else image
    if type(name) is not str or not name:
        raise unfit("images", "holds something that names no picture")
    return name


ADAPTER = table_adapter(
    name="medxpertqa",
    title="MedXpertQA (MM and Text)",
    licence="MIT",
    access=Access.OPEN,
    home="https://huggingface.co/datasets/TsinghuaC3I/MedXpertQA",
    use=("eval",),
    columns=("question", "options", "label", "medical_task", "body_system"),
    tables=tuple(
        Table(glob.format(split), split)
        for split in ("dev", "test")
        for glob in ("MM/{}.jsonl", "Text/{}.jsonl", "{}.jsonl", "*_{}.jsonl")
    ),
    record=_record,
)
