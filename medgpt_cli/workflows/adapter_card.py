"""The card of an adapter: what it belongs to, what it was trained on, what it changes, how it is used.

It names files and hashes, and holds nothing of what the records say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medgpt_cli.core import files
from medgpt_cli.core.manifest import file_hashes, write_manifest, write_sums
from medgpt_cli.models.tiles import tiles_of
from medgpt_cli.workflows.quantising import card_line

CARD = "README.md"


def write_card(folder: Path, recipe: Any, changes: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes the card into an adapter's folder, its hash into the manifest there, and sums over them all.

    Args:
        folder: The adapter, with its manifest.
        recipe: The recipe it was trained by.
        changes: What it does to the weights of each part.
    """
    manifest = json.loads((folder / "manifest.json").read_text())
    files.write_text(folder / CARD, _card(manifest, recipe, changes, tiles_of(folder, folder)))
    told = {"changes": dict(changes), "rounded": recipe.train.qat}
    write_manifest(folder, {**manifest, **told, "files": file_hashes(folder)})
    write_sums(folder)


def _card(
    manifest: Mapping[str, Any], recipe: Any, changes: Mapping[str, Mapping[str, Any]], tiles: int
) -> str:
    base, lora = manifest["base"], recipe.lora
    rows = [
        f"| {part} | {each['weights']} | {each['relative_change']:.3%} | {each['unchanged']} |"
        for part, each in changes.items()
    ]
    data = [f"- `{Path(name).name}`: {digest}" for name, digest in manifest["data"].items()]
    lines = [
        "---",
        "library_name: peft",
        f"base_model: {json.dumps(base['name'])}",
        "tags: [lora, medical, vision-language]",
        "---",
        f"# Adapter {manifest['run']}",
        "",
        "Research software, not a medical device. The adapter holds weights and no records; weights can still",
        "give training text back, so share it only where the records themselves could be shared.",
        "",
        "## Belongs to",
        f"`{base['name']}`, SHA-256 {base['hash']}",
        "",
        "## Trained on",
        *data,
        "",
        f"Recipe (recipe.json of the run), SHA-256 {manifest['recipe']}",
        *(
            [f"Identified data, attested by {manifest['attested']['by']}"]
            if manifest["attested"]
            else []
        ),
        *(
            [
                f"Large pictures were shown in up to {tiles} tiles and a thumbnail, as no other program does."
            ]
            if tiles > 1
            else []
        ),
        "",
        "## What it changes",
        f"LoRA of rank {lora.r}{', DoRA' * lora.dora}{', rsLoRA' * lora.rslora}; the router is frozen.",
        *(
            [f"Trained in full and kept beside the adapters: {', '.join(manifest['whole'])}."]
            if manifest["whole"]
            else []
        ),
        *(
            [
                "Learnt with experts rounded to MXFP4 (their weights with the adapters added): medgpt rounds them "
                "again when it adds these; a program that does not answers a little otherwise."
            ]
            if recipe.train.qat
            else []
        ),
        *([card_line(manifest["quantised_base"])] if manifest["quantised_base"] else []),
        "",
        "| part | weights | changed by | unchanged |",
        "|---|---|---|---|",
        *rows,
        "",
        "## Use",
        "```",
        f"medgpt chat --model {base['name']} --adapter FOLDER",
        f"medgpt eval run --model {base['name']} --task TASK --out before",
        f"medgpt eval run --model {base['name']} --adapter FOLDER --task TASK --out after",
        "medgpt eval compare before after   # what it gained, and what it forgot",
        "```",
        "vLLM looks for an adapter's weights by other names under a LLaVA model, and other servers know no adapters of",
        "one at all; give them the model with the adapter added:",
        "```",
        f"medgpt export --model {base['name']} --adapter FOLDER --to hf --out merged",
        "```",
        "PEFT alone: `PeftModel.from_pretrained(AutoModelForImageTextToText.from_pretrained(BASE), FOLDER)`.",
        "",
    ]
    return "\n".join(lines)
