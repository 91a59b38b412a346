"""`medgpt sft`: stage 3 of training."""

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


def sft(
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
    """Stage 3: teaches the model to answer, from dialogues and questions with images.

    Every part learns, from the assistant's words alone.  With nothing but --data it trains the small
    model called tiny with the recipe sft, into a dated folder under runs/.

    Fields of the recipe: medgpt recipe fields sft

    Example:
        medgpt sft --data local.jsonl train.max_steps=12 train.lr=2e-5
    """
    from medgpt_cli.workflows.stage import run_stage

    run_stage(
        stage="sft",
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
