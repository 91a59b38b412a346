"""MedFrameQA: two to five frames of a video and a question on all of them; as published and as OctoMed packed it.

Frames stand in `image_1` … `image_5`, null where there are fewer, or in one list.  Questions on one video are one
group.
"""

from __future__ import annotations

from typing import Any

from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.choices import lettered
from medgpt_cli.data.sources.layout import Table
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.shown import shown
from medgpt_cli.data.sources.tables import table_adapter

_FRAMES = tuple(f"image_{number}" for number in range(1, 6))


def _record(row: Row) -> dict[str, Any]:
    images = shown(row, *_FRAMES, "image", "images")
    if not images:
        raise unfit("image_1", "and the other columns hold no frame")
    record: dict[str, Any] = {
        "question": row.text("question"),
        "options": lettered(row.values["options"]),
        "answer": row.text("correct_answer", "answer"),
        "images": images,
        "facets": row.facets(modality="modality", anatomy="organ", system="system"),
    }
    if row.word("question_id", "id"):
        record["id"] = row.word("question_id", "id")
    if row.word("video_id"):
        record["keys"] = [f"video:medframeqa/{row.word('video_id')}"]
    return record


ADAPTER = table_adapter(
    name="medframeqa",
    title="MedFrameQA",
    licence="CC BY 4.0",
    access=Access.OPEN,
    home="https://huggingface.co/datasets/SuhaoYu1020/MedFrameQA",
    use=("eval",),
    columns=("question", "options", "correct_answer|answer", "image_1|image|images"),
    tables=(Table("data/test-*.parquet", "test"), Table("test-*.parquet", "test")),
    record=_record,
    called=("medframeqa",),
)
