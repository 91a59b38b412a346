"""`medgpt compose`: a starting model from upstream checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import DryRun, Force, Json, Online

LanguageModel = Annotated[
    str, typer.Option("--llm", metavar="REF", help="Language model: checkpoint folder or hub id.")
]
Tower = Annotated[
    str,
    typer.Option(
        "--vision", metavar="REF", help="Vision tower: transformers or open_clip folder, or hub id."
    ),
]
Folder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the joined model.")]
Layer = Annotated[
    int,
    typer.Option("--feature-layer", metavar="N", help="Which hidden state of the tower is projected."),
]
Dtype = Annotated[
    str, typer.Option("--dtype", metavar="NAME", help="What is written: bfloat16 or float32.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Draws the fresh projector.")]


def compose(
    llm: LanguageModel,
    vision: Tower,
    out: Folder,
    feature_layer: Layer = -2,
    dtype: Dtype = "bfloat16",
    seed: Seed = 0,
    force: Force = False,
    dry_run: DryRun = False,
    online: Online = False,
    json: Json = False,
) -> None:
    """Joins a language model and a vision tower into a LLaVA, parts unchanged, projector fresh.

    Reads gpt-oss with its packed experts, llama-shaped models, and CLIP, SigLIP, DINOv2 or BiomedCLIP towers
    as they lie on disk, from transformers or open_clip. The language model is never held in memory whole.

    Example:
        medgpt compose --llm gpt-oss-20b --vision clip-vit-large-patch14-336 --out start
    """
    from medgpt_cli.workflows.compose import compose_model

    compose_model(
        llm=llm,
        vision=vision,
        out=out,
        feature_layer=feature_layer,
        dtype=dtype,
        seed=seed,
        force=force,
        online=online,
        dry_run=dry_run,
        as_json=json,
    )
