"""`medgpt midtrain`: stage 2 of training."""

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


def midtrain(
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
    """Stage 2: goes on training the whole model on medical text and image-text records.

    Every part learns: vision tower, projector, language model.  Long texts, captions and dialogues may
    stand in one file.  Start from the result of align with --model.

    Fields of the recipe: medgpt recipe fields midtrain

    Example:
        medgpt midtrain --data corpus.jsonl --model runs/align --out runs/midtrain
    """
    from medgpt_cli.workflows.stage import run_stage

    run_stage(
        stage="midtrain",
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
