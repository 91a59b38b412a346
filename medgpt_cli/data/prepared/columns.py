"""The columns of a prepared set: a sample as a row of Parquet, and back.

`datasets.load_dataset(DIR)` opens the shards without us; the metadata in the schema tells it which column
holds pictures.  A text keeps an `<image>` mark where each image stands, the i-th mark for the i-th image.  This module
knows nothing of folders, splits or of how a set is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.marks import MARK, split

EMBEDDED = pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
REFERENCED = pa.list_(pa.string())

IMAGES = "images"
HASHES = "image_sha256"
"""Beside referenced images: the SHA-256 of each one's file, as `sha256sum` prints it."""
_TEXT = pa.string()
_MESSAGES = pa.list_(pa.struct([("role", _TEXT), ("content", _TEXT), ("thinking", _TEXT)]))
_OPTIONS = pa.list_(pa.struct([("letter", _TEXT), ("text", _TEXT)]))
_FACETS = pa.list_(pa.struct([("name", _TEXT), ("value", _TEXT)]))
_CARRIED = ("id", "patient_id", "study_id", "source", "licence")


def sample_fields(*, embedded: bool) -> list[pa.Field]:
    """The columns every row has from its sample alone.

    Args:
        embedded: Whether the pictures stand in the column itself, or are named by their paths.
    """
    return [
        pa.field("id", _TEXT),
        pa.field("messages", _MESSAGES),
        pa.field("text", _TEXT),
        pa.field(IMAGES, EMBEDDED if embedded else REFERENCED),
        *([] if embedded else [pa.field(HASHES, REFERENCED)]),
        pa.field("options", _OPTIONS),
        pa.field("answer", _TEXT),
        pa.field("patient_id", _TEXT),
        pa.field("study_id", _TEXT),
        pa.field("source", _TEXT),
        pa.field("licence", _TEXT),
        pa.field("keys", pa.list_(_TEXT)),
        pa.field("facets", _FACETS),
    ]


def shard_schema(*, embedded: bool) -> pa.Schema:
    """The schema of a shard, with the note by which `datasets` decodes pictures."""
    counted = [pa.field("phi", pa.int32()), pa.field("cluster", pa.int64())]
    fields = [*sample_fields(embedded=embedded), *counted]
    features: dict[str, Any] = {field.name: _feature(field.type) for field in fields}
    if embedded:
        features[IMAGES] = {"feature": {"_type": "Image"}, "_type": "List"}
    return pa.schema(fields, {"huggingface": json.dumps({"info": {"features": features}})})


def _feature(kind: pa.DataType) -> Any:
    """A column's type in the words of `datasets`."""
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "List"}
    if pa.types.is_struct(kind):
        return {kind.field(i).name: _feature(kind.field(i).type) for i in range(kind.num_fields)}
    return {"dtype": str(kind), "_type": "Value"}


def row_of(sample: Sample) -> dict[str, Any]:
    """A sample as a row; its images by their paths."""
    return {
        "id": sample.id,
        "messages": [
            {"role": turn.role.value, "content": _marked(turn.parts), "thinking": turn.thinking}
            for turn in sample.turns
        ],
        "text": _marked(sample.document),
        IMAGES: list(sample.images),
        "options": [{"letter": letter, "text": text} for letter, text in sample.options],
        "answer": sample.answer,
        "patient_id": sample.patient_id,
        "study_id": sample.study_id,
        "source": sample.source,
        "licence": sample.licence,
        "keys": list(sample.keys),
        "facets": [{"name": name, "value": value} for name, value in sample.facets],
    }


def sample_of(row: dict[str, Any], place: Place, images: Iterable[str], split_name: str = "") -> Sample:
    """The sample of a row.

    Args:
        row: As `row_of` made it; the images column is not looked at.
        place: The shard and the row in it, from 1.
        images: What `open_image` opens, one for each image.
        split_name: The split the shard belongs to.
    """
    turns, shown = [], 0
    for message in row["messages"]:
        parts = split(message["content"], shown)
        turn = Turn(Role(message["role"]), parts, message["thinking"])
        shown += len(turn.images)
        turns.append(turn)
    return Sample(
        place,
        tuple(turns),
        split(row["text"], 0),
        tuple(images),
        tuple((option["letter"], option["text"]) for option in row["options"]),
        row["answer"],
        split=split_name,
        keys=tuple(row["keys"]),
        facets=tuple((facet["name"], facet["value"]) for facet in row["facets"]),
        **{name: row[name] for name in _CARRIED},
    )


def _marked(parts: Iterable[str | int]) -> str:
    return "".join(MARK if isinstance(part, int) else part for part in parts)
