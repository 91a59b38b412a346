"""PathVQA: questions on pathology pictures of textbooks, as a Parquet copy or in the lists its authors trained from.

The Parquet copy has no picture ids, so its rows are tied by the picture's bytes.  The authors' own files are lists by
picture (`sentf`, `labelf`) or by question (`sent`, `label`); their pickles are never opened, since a pickle is a
program, and the bare textbook questions name no picture that is published.
"""

from __future__ import annotations

from typing import Any

from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.row import Row, answers
from medgpt_cli.data.sources.tables import Table, table_adapter

_SPLITS = {"train": "train", "val": "validation", "test": "test"}


def _record(row: Row) -> dict[str, Any] | list[dict[str, Any]]:
    if "img_id" not in row.values:
        return {
            "image": row.embedded("image"),
            "question": row.text("question"),
            "answer": row.text("answer"),
            "keys": [row.picture] if row.picture else [],
        }
    if "sent" in row.values:
        return _question(row, row.values.get("sent"), row.values.get("label"))
    asked, told = row.values.get("sentf"), row.values.get("labelf")
    if not isinstance(asked, dict) or not isinstance(told, dict):
        raise unfit("sentf", "and labelf are no objects of lists")
    made = []
    for source, sentences in asked.items():
        labels = told.get(source)
        if (
            not isinstance(sentences, list)
            or not isinstance(labels, list)
            or len(labels) != len(sentences)
        ):
            raise unfit("labelf", "has not as many answers as sentf has questions")
        made += [
            _question(row, sentence, label) for sentence, label in zip(sentences, labels, strict=True)
        ]
    return made


def _question(row: Row, sentence: Any, label: Any) -> dict[str, Any]:
    """A question and its answers; of several the one of most weight comes first."""
    picture = row.text("img_id")
    weights = label if isinstance(label, dict) else {}
    if not all(isinstance(weight, (int, float)) for weight in weights.values()):
        raise unfit("labelf" if "labelf" in row.values else "label", "has an answer without a weight")
    answer, also = answers(sorted(weights, key=weights.__getitem__, reverse=True))
    folder = f"images/{picture.partition('_')[0]}"
    return {
        "image": find_picture(
            row.root, f"{picture}.jpg", folder, f"pvqa/{folder}", f"data/pvqa/{folder}", "images"
        ),
        "question": sentence,
        "answer": answer,
        "keys": [f"image:pathvqa/{picture}"],
        "facets": also,
    }


ADAPTER = table_adapter(
    name="path-vqa",
    title="PathVQA",
    licence="repository MIT; the pictures belong to the textbooks' publishers",
    access=Access.RESEARCH,
    home="https://github.com/UCSD-AI4H/PathVQA",
    use=("sft", "eval"),
    tables=(
        *(
            Table(
                f"{folder}{split}-*.parquet",
                split,
                columns=("image", "question", "answer"),
                tied="image",
            )
            for folder in ("data/", "")
            for split in _SPLITS.values()
        ),
        *(
            Table(f"{folder}{name}.json", split, columns=("img_id", "sentf|sent", "labelf|label"))
            for folder in ("", "lxmert/", "data/lxmert/", "data/pvqa/qas/", "pvqa/qas/", "qas/")
            for file, split in _SPLITS.items()
            for name in (f"pvqa_{file}", f"{file}_vqa")
        ),
    ),
    called=("path-vqa", "path_vqa", "pathvqa", "pvqa"),
    record=_record,
)
