"""PubMedVision: captions of PubMed Central figures rewritten as dialogues, one or several pictures each.

The dialogues hold no image tags, and a few of the pictures they name were never published.  A picture's name
(`pmc_9_0.jpg`) counts the set's own articles and is no PMC number, so nothing ties it to sets of other origin but the
picture itself.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from medgpt_cli.data.complaints import kind, unfit
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import Table, table_adapter

_SUBSETS = {
    "PubMedVision_Alignment_VQA.json": "alignment",
    "PubMedVision_InstructionTuning_VQA.json": "instruction",
}


def _record(row: Row) -> dict[str, Any]:
    subset = _SUBSETS[PurePosixPath(row.file).name]
    pictures = row.values.get("image")
    if isinstance(pictures, str):
        pictures = [pictures]
    if not isinstance(pictures, list) or not all(isinstance(each, str) for each in pictures):
        raise unfit("image", f"is {kind(pictures)} where a list of paths belongs")
    return {
        "id": f"{subset}/{row.text('id')}",
        "conversations": row.values.get("conversations"),
        "images": pictures,
        "keys": [f"image:pubmedvision/{PurePosixPath(each).stem}" for each in pictures],
        "facets": {"subset": subset, **row.facets(modality="modality", anatomy="body_part")},
    }


ADAPTER = table_adapter(
    name="pubmedvision",
    title="PubMedVision",
    licence="Apache-2.0",
    access=Access.OPEN,
    home="https://huggingface.co/datasets/FreedomIntelligence/PubMedVision",
    use=("align", "sft"),
    tables=tuple(Table(name, "train") for name in _SUBSETS),
    columns=("id", "image", "conversations", "modality", "body_part"),
    record=_record,
)
