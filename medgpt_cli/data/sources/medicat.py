"""MedICaT: figures of open-access medical papers with captions; figures of ROCO are left out of it by its makers.

A picture is `figures/<pdf_hash>_<fig_uri>`; figures of one paper share the hash, which is of the paper and no PMC
number.
"""

from __future__ import annotations

from typing import Any

from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import Table, table_adapter


def _record(row: Row) -> dict[str, Any]:
    paper, figure = row.text("pdf_hash"), row.text("fig_uri")
    radiology = row.values.get("radiology")
    facets = row.facets(type="predicted_type")
    if isinstance(radiology, bool):
        facets["subset"] = "radiology" if radiology else "non-radiology"
    return {
        "id": f"{paper}_{figure}",
        "image": find_picture(row.root, f"{paper}_{figure}", "figures", "release/figures", ""),
        "caption": row.text("s2_caption", "s2orc_caption"),
        "keys": [f"paper:s2/{paper}"],
        "facets": facets,
    }


ADAPTER = table_adapter(
    name="medicat",
    title="MedICaT",
    licence="research, non-commercial; figures per article",
    access=Access.RESEARCH,
    home="https://github.com/allenai/medicat",
    use=("align",),
    tables=(Table("s2_full_figures_*.jsonl"), Table("release/s2_full_figures_*.jsonl")),
    columns=("pdf_hash", "fig_uri", "s2_caption|s2orc_caption"),
    record=_record,
)
