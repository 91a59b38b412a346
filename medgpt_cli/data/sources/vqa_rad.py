"""VQA-RAD: questions clinicians asked about radiology pictures, as its authors publish it (OSF) or as a Parquet copy.

Many questions stand in the OSF file twice, freely asked and paraphrased, and the two may lie in different splits; they
share `qid_linked_id`.  The pictures are MedPix's, as those of VQA-Med are.  The Parquet copy has neither question nor
picture ids, so its rows are tied by the picture's bytes.  The spreadsheet form is not read.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import Table, table_adapter

_PUBLISHED = ("qid", "phrase_type", "qid_linked_id", "image_name", "question", "answer")
_COPY = ("image", "question", "answer")


def _record(row: Row) -> dict[str, Any]:
    if "image_name" not in row.values:
        return {
            "image": row.embedded("image"),
            "question": row.text("question"),
            "answer": row.text("answer"),
            "keys": [row.picture] if row.picture else [],
        }
    name = row.text("image_name")
    linked = row.word("qid_linked_id")
    return {
        "id": row.text("qid"),
        "image": find_picture(row.root, name, "VQA_RAD Image Folder", "images", ""),
        "question": row.text("question"),
        "answer": row.text("answer"),
        "split": "test" if row.word("phrase_type").startswith("test") else "train",
        "keys": [
            f"image:medpix/{PurePosixPath(name).stem}",
            *([f"question:vqa-rad/{linked}"] if linked else []),
        ],
        "facets": row.facets(
            anatomy="image_organ",
            question_type="question_type",
            answer_type="answer_type",
            phrase_type="phrase_type",
        ),
    }


ADAPTER = table_adapter(
    name="vqa-rad",
    title="VQA-RAD",
    licence="CC0 1.0",
    access=Access.OPEN,
    home="https://osf.io/89kps",
    use=("sft", "eval"),
    tables=(
        Table("VQA_RAD Dataset Public.json", columns=_PUBLISHED),
        *(
            Table(f"{folder}{split}-*.parquet", split, columns=_COPY, tied="image")
            for folder in ("data/", "")
            for split in ("train", "test")
        ),
    ),
    called=("vqa-rad", "vqa_rad"),
    record=_record,
)
