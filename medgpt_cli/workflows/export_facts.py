"""What an export says of itself: the facts for its card, its manifest and its bill of materials."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import HashMismatch, InputError
from medgpt_cli.core.manifest import verify_files
from medgpt_cli.core.rundir import require_done
from medgpt_cli.models.processor import tokens_per_image
from medgpt_cli.models.tiles import max_tiles, tiles_of
from medgpt_cli.workflows.lineage import read_manifest
from medgpt_cli.workflows.naming import Named

ALIKE = 0.999
"""Pictures whose stock reading is less like ours than this are warned of."""


def scores_of(folders: Sequence[Path], sha256: str) -> list[dict[str, Any]]:
    """The scores of finished evaluations of a model, each line with its protocol.

    Args:
        folders: Run folders of `medgpt eval run`.
        sha256: Of the model.

    Raises:
        InputError: A folder is no evaluation.
        HashMismatch: It scored another model, or its files are not those its manifest names.
    """
    found = []
    for folder in folders:
        if read_manifest(folder).get("kind") != "eval" or not (folder / "scores.json").is_file():
            raise InputError(
                "is no evaluation", where=str(folder), repair="name a folder that medgpt eval run wrote"
            )
        require_done(folder)
        verify_files(folder)
        document = json.loads((folder / "scores.json").read_text())
        if document["model_hash"] != sha256:
            raise HashMismatch(
                f"these are the scores of another model ({document['model']})",
                where=str(folder),
                repair="score the model that is exported, or leave --scores out",
            )
        found.append({"folder": str(folder), "lines": document["lines"]})
    return found


def model_facts(model: Any, processor: Any) -> dict[str, Any]:
    """The shape of a model, as its card tells it."""
    text, tower = model.config.text_config, model.config.vision_config
    return {
        "llm": text.model_type,
        "vision": tower.model_type,
        "parameters": model.num_parameters(),
        "context": text.max_position_embeddings,
        "tokens_per_image": tokens_per_image(processor),
        **({"max_tiles": tiles} if (tiles := max_tiles(processor)) > 1 else {}),
        "image_size": processor.image_processor.size["height"],
        "dtype": str(model.dtype).removeprefix("torch."),
        "feature_layer": model.config.vision_feature_layer,
    }


def warnings_of(named: Named, stock: Mapping[str, Any]) -> list[str]:
    """What whoever uses the folder in another program has to know.

    Args:
        named: The model.
        stock: How the stock processor reads pictures and prompts.
    """
    found = []
    if (tiles := tiles_of(named.folder, named.adapter)) > 1:
        found.append(
            f"Trained on large pictures in up to {tiles} tiles and a thumbnail; other programs show it the thumbnail "
            "alone, so it sees less there than it was trained and scored with."
        )
    if stock["pixel_cosine"] < ALIKE:
        found.append(
            f"Other programs pad pictures with another colour than medgpt (cosine {stock['pixel_cosine']:.3f} on "
            "pictures that are no squares); send squares, padded with (122, 116, 104), where that matters."
        )
    if stock["same_ids"] != stock["prompts"]:
        found.append(
            f"The stock processor reads {stock['prompts'] - stock['same_ids']} of {stock['prompts']} prompts into "
            "other tokens than medgpt."
        )
    return found
