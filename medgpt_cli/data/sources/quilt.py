"""Quilt-1M: histopathology pictures with captions, from teaching videos and other open sources.

Had by request only and not to be passed on.  Frames of one video share a beginning of their names, the video's id.
"""

from __future__ import annotations

import re
from typing import Any

from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import Table, table_adapter

_VIDEO = re.compile(r"(?:.*/)?([\w-]{11})_image_.*")
_FOLDERS = "quilt_1m", "images", "images_part_*/quilt_1m", "images_part_*", ""
_SPLITS = {"val": "validation", "valid": "validation"}


def _record(row: Row) -> dict[str, Any]:
    name = row.text("image_path")
    video = _VIDEO.fullmatch(name)
    split = row.word("split")
    record = {
        "image": find_picture(row.root, name, *_FOLDERS),
        "caption": row.text("caption"),
        "keys": [f"image:quilt/{name}", *([f"video:quilt/{video[1]}"] if video else [])],
        "facets": row.facets(
            subset="subset",
            pathology="pathology",
            magnification="magnification",
            single_wsi="single_wsi",
        )
        | {"modality": "histopathology"},
    }
    return record | ({"split": _SPLITS.get(split, split)} if split else {})


ADAPTER = table_adapter(
    name="quilt-1m",
    title="Quilt-1M",
    licence="by request; research only, no redistribution",
    access=Access.RESTRICTED,
    home="https://github.com/wisdomikezogwo/quilt1m",
    use=("align",),
    tables=(Table("quilt_1[Mm]_lookup.csv"),),
    columns=("caption", "image_path", "subset", "split"),
    record=_record,
)
