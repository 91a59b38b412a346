"""LLaVA-Med: 500k captions as one-turn dialogues (alignment) and instruction dialogues of 10k and 60k.

The pictures are figures of PubMed Central articles, fetched by its own script into `images/<pair_id>.jpg`; a pair id
begins with the article's PubMed id.  Where the list of their addresses lies beside, the PMC number is read from it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.forms import CONVERSATIONS
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.rows import rows
from medgpt_cli.data.sources.tables import Table, table_adapter

_URLS = ("llava_med_image_urls.jsonl", "data/llava_med_image_urls.jsonl")
_ARTICLE = re.compile(r"PMC\d+")
_SUBSETS = (
    "llava_med_instruct_10k.json",
    "llava_med_instruct_60k.json",
    "llava_med_instruct_60k_inline_mention.json",
)
_COLUMNS = "id", "conversations|conversatons", "domain"


def _record(row: Row) -> dict[str, Any]:
    dialogue = next((row.values[key] for key in CONVERSATIONS if row.values.get(key) is not None), None)
    if dialogue is None:
        raise unfit("conversations", "is missing")
    subset = PurePosixPath(row.file).stem.removeprefix("llava_med_")
    record: dict[str, Any] = {
        "id": f"{subset}/{row.text('id')}",
        "conversations": dialogue,
        "facets": {"subset": subset, **_modality(row.values.get("domain"))},
    }
    picture = row.word("image")
    pair = row.word("pair_id") or PurePosixPath(picture).stem
    if pair and not picture:
        picture = f"{pair}.jpg"
    if picture:
        record["image"] = find_picture(row.root, picture, "images", "data/images", "")
        record["keys"] = _keys(row.root, pair)
    return record


def _modality(domain: Any) -> dict[str, str]:
    if not isinstance(domain, dict):
        return {}
    named = [str(name) for name, holds in domain.items() if holds is True]
    return {"modality": ", ".join(named)} if named else {}


def _keys(root: Path, pair: str) -> list[str]:
    article, _, _ = pair.partition("_")
    keys = [f"image:llava-med/{pair}"]
    if article.isdigit():
        keys.append(f"pmid:{article}")
    if pmcid := _pmcids(str(root)).get(pair):
        keys.append(f"pmcid:{pmcid}")
    return keys


@lru_cache(maxsize=1)
def _pmcids(root: str) -> dict[str, str]:
    """PMC numbers by pair id; empty where the list is not there."""
    file = next((Path(root, name) for name in _URLS if Path(root, name).is_file()), None)
    if file is None:
        return {}
    found: dict[str, str] = {}
    for values, _ in rows(file, columns=("pair_id", "pmc_tar_url")):
        match = _ARTICLE.search(str(values.get("pmc_tar_url", "")))
        if match:
            found[str(values.get("pair_id", ""))] = match[0]
    return found


def _tables(*names: str) -> tuple[Table, ...]:
    folders = "", "alignment/", "instruct/", "data/alignment/", "data/instruct/"
    return tuple(Table(folder + name) for folder in folders for name in names)


ADAPTERS = (
    table_adapter(
        name="llava-med-alignment",
        title="LLaVA-Med alignment 500k",
        licence="CC BY-NC 4.0, and the terms of the model that wrote it",
        access=Access.RESEARCH,
        home="https://github.com/microsoft/LLaVA-Med",
        use=("align",),
        tables=_tables("llava_med_alignment_500k.json"),
        columns=_COLUMNS,
        record=_record,
    ),
    table_adapter(
        name="llava-med-instruct",
        title="LLaVA-Med instruct 10k, 60k and 60k with inline mentions",
        licence="CC BY-NC 4.0, and the terms of the model that wrote it",
        access=Access.RESEARCH,
        home="https://github.com/microsoft/LLaVA-Med",
        use=("sft",),
        tables=_tables(*_SUBSETS),
        columns=_COLUMNS,
        record=_record,
    ),
)
