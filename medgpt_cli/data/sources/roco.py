"""ROCO: radiology and other figures of PubMed Central articles with captions; version 1 text, version 2 Parquet.

Version 1 publishes captions under its own ids and, in files beside them, each figure's article, file name and licence;
its script saves pictures as `images/<PMC number>_<file name>`, while copies elsewhere name them by the set's own id.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.figures import figure_keys
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.rows import rows
from medgpt_cli.data.sources.tables import Table, table_adapter

_ARTICLE = re.compile(r"(PMC\d+)\.tar\.gz")
_SPLITS = "train", "validation", "test"


class _Origin(NamedTuple):
    picture: str
    licence: str = ""


def _record(row: Row) -> dict[str, Any]:
    folder = PurePosixPath(row.file).parent
    number = row.text("id")
    origin = _origins(str(row.root / folder)).get(number, _Origin(""))
    own = f"{number}.jpg"
    picture = find_picture(row.root, origin.picture or own, f"{folder}/images")
    if origin.picture and not (row.root / picture).is_file():
        copied = find_picture(row.root, own, f"{folder}/images")
        picture = copied if (row.root / copied).is_file() else picture
    record = {
        "id": number,
        "image": picture,
        "caption": row.text("caption"),
        "keys": [f"image:roco/{number}", *figure_keys(origin.picture)],
        "facets": {"subset": folder.name},
    }
    return record | ({"licence": origin.licence} if origin.licence else {})


@lru_cache(maxsize=1)
def _origins(folder: str) -> dict[str, _Origin]:
    """Picture names and licences by the set's ids, from the files beside the captions."""
    found: dict[str, _Origin] = {}
    links = Path(folder, "dlinks.txt")
    if links.is_file():
        for line in links.read_text("utf-8", errors="replace").splitlines():
            number, _, rest = line.partition("\t")
            if article := _ARTICLE.search(rest):
                name = rest.rpartition("\t")[2].strip()
                found[number.strip()] = _Origin(f"{article[1]}_{name}")
    licences = Path(folder, "licences.txt")
    if licences.is_file():
        for values, _ in rows(licences, columns=("ROCO_ID", "PMC_ID", "CC")):
            found[str(values["ROCO_ID"]).strip()] = _Origin(
                str(values["PMC_ID"] or "").strip(), str(values["CC"] or "").strip()
            )
    return found


def _second(row: Row) -> dict[str, Any]:
    number = row.text("image_id")
    concepts = row.values.get("cui")
    concepts = concepts if isinstance(concepts, list) else [concepts]
    named = ", ".join(each for each in concepts if isinstance(each, str))
    return {
        "id": number,
        "image": row.embedded("image"),
        "caption": row.text("caption"),
        "keys": [f"image:rocov2/{number}"],
        "facets": {"concepts": named} if named else {},
    }


ADAPTERS = (
    table_adapter(
        name="roco",
        title="ROCO version 1",
        licence="per article",
        access=Access.OPEN,
        home="https://github.com/razorx89/roco-dataset",
        use=("align",),
        tables=tuple(
            Table(f"{above}{split}/{kind}/captions.txt", split, names=("id", "caption"), delimiter="\t")
            for above in ("data/", "", "all_data/")
            for split in _SPLITS
            for kind in ("radiology", "non-radiology")
        ),
        record=_record,
    ),
    table_adapter(
        name="rocov2",
        title="ROCOv2",
        licence="CC BY-NC-SA 4.0",
        access=Access.RESEARCH,
        home="https://huggingface.co/datasets/eltorio/ROCOv2-radiology",
        use=("align",),
        tables=tuple(
            Table(f"{above}{split}-*.parquet", split) for above in ("data/", "") for split in _SPLITS
        ),
        columns=("image", "image_id", "caption", "cui"),
        record=_second,
    ),
)
