"""`medgpt align`: stage 1 of training."""

from __future__ import annotations

from medgpt_cli.commands.options import (
    DataPaths,
    DryRun,
    Force,
    Json,
    Model,
    Online,
    Out,
    Overrides,
    RecipeName,
    Rehearse,
    Resume,
)


def align(
    overrides: Overrides = None,
    data: DataPaths = None,
    model: Model = None,
    recipe: RecipeName = None,
    out: Out = None,
    resume: Resume = False,
    force: Force = False,
    dry_run: DryRun = False,
    rehearse: Rehearse = False,
    online: Online = False,
    json: Json = False,
) -> None:
    """Stage 1: teaches the projector to put images into the language model's space.

    Only the projector learns; the vision tower and the language model stay as they are.  Image-caption
    records serve best.  The result is a model folder in --out that every other command takes as --model.

    Fields of the recipe: medgpt recipe fields align

    Example:
        medgpt align --data captions.jsonl --out runs/align
    """
    from medgpt_cli.workflows.stage import run_stage

    run_stage(
        stage="align",
        data=data or [],
        model=model,
        recipe=recipe,
        out=out,
        overrides=overrides or [],
        resume=resume,
        force=force,
        dry_run=dry_run,
        rehearse=rehearse,
        online=online,
        json=json,
    )
