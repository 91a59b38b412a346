"""SLAKE: questions on radiology pictures in English and Chinese.

Inside a language the splits share no picture, but across languages they do: most English test pictures stand in the
Chinese training part.  Every record is therefore tied to its picture whatever its language.
"""

from __future__ import annotations

from typing import Any

from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import Table, table_adapter


def _record(row: Row) -> dict[str, Any]:
    name = row.text("img_name")
    return {
        "id": f"{row.split}/{row.text('qid')}",
        "image": find_picture(row.root, name, "imgs", "Slake1.0/imgs", ""),
        "question": row.text("question"),
        "answer": row.text("answer"),
        "keys": [f"image:slake/{name.partition('/')[0]}"],
        "facets": row.facets(
            language="q_lang",
            modality="modality",
            anatomy="location",
            question_type="content_type",
            answer_type="answer_type",
            base_type="base_type",
        ),
    }


_FOLDERS = "", "Slake1.0/"

ADAPTER = table_adapter(
    name="slake",
    title="SLAKE",
    licence="CC BY 4.0",
    access=Access.OPEN,
    home="https://huggingface.co/datasets/BoKelvin/SLAKE",
    use=("sft", "eval"),
    tables=tuple(
        table
        for folder in _FOLDERS
        for table in (
            Table(f"{folder}train.json", "train"),
            Table(f"{folder}validation.json", "validation"),
            Table(f"{folder}validate.json", "validation", unless=f"{folder}validation.json"),
            Table(f"{folder}test.json", "test"),
        )
    ),
    columns=("img_name", "question", "answer", "q_lang", "qid"),
    record=_record,
)
