"""PMC-OA: figures of PubMed Central's open-access articles, cut into parts, with their captions.

`pmc_oa.jsonl` has a caption for each part; `pmc_oa_beta.jsonl` keeps the caption of the whole figure, so the two are
not to be mixed and have to be told apart by name where both lie in one folder.  An older release is cut into
train, valid and test, and training code of the time read the same as CSV.
"""

from __future__ import annotations

from typing import Any

from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.figures import article_keys, figure_keys
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import Table, table_adapter

_PARTS = "caption_T060_filtered_top4_sep_v0_subfigures"
_SPLITS = {"train": "train", "valid": "validation", "test": "test"}


def _record(row: Row) -> dict[str, Any]:
    name = row.text("image")
    keys = [*figure_keys(name), *article_keys(row.word("pmcid"))]
    return {
        "image": find_picture(row.root, name, f"images/{_PARTS}", _PARTS, "images", ""),
        "caption": row.text("caption"),
        "keys": list(dict.fromkeys(keys)),
    }


ADAPTERS = (
    table_adapter(
        name="pmc-oa",
        title="PMC-OA",
        licence="per article, as PubMed Central's open-access subset states; the card's own not established",
        access=Access.OPEN,
        home="https://huggingface.co/datasets/axiong/pmc_oa",
        use=("align",),
        tables=(
            Table("pmc_oa.jsonl"),
            *(Table(f"{file}.jsonl", split, unless="pmc_oa.jsonl") for file, split in _SPLITS.items()),
            *(Table(f"{file}.csv", split, unless="*.jsonl") for file, split in _SPLITS.items()),
        ),
        columns=("image", "caption"),
        called=("pmc_oa", "pmc-oa"),
        record=_record,
    ),
    table_adapter(
        name="pmc-oa-beta",
        title="PMC-OA beta, compound captions kept whole",
        licence="per article, as PubMed Central's open-access subset states; the card's own not established",
        access=Access.OPEN,
        home="https://huggingface.co/datasets/axiong/pmc_oa",
        use=("align",),
        tables=(Table("pmc_oa_beta.jsonl"),),
        columns=("image", "caption"),
        record=_record,
    ),
)
