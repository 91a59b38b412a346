"""`medgpt adapt`: adapters for one institution."""

from __future__ import annotations

from medgpt_cli.commands.options import (
    Adapter,
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


def adapt(
    overrides: Overrides = None,
    data: DataPaths = None,
    model: Model = None,
    adapter: Adapter = None,
    recipe: RecipeName = None,
    out: Out = None,
    resume: Resume = False,
    force: Force = False,
    dry_run: DryRun = False,
    rehearse: Rehearse = False,
    online: Online = False,
    json: Json = False,
) -> None:
    """Trains low-rank adapters (LoRA) beside a model's weights, which stay as they are.

    The run holds adapter/, a small PEFT folder with the hashes of model, data and recipe, and model/, the
    whole model with the adapter added. A share of the records the model learnt from keeps it from
    forgetting them: name both in data.mix with weights, and let medgpt eval compare show what changed.

    Fields of the recipe: medgpt recipe fields adapt

    Example:
        medgpt adapt --data local.jsonl --model runs/sft lora.r=16 lora.experts=true
    """
    from medgpt_cli.workflows.stage import run_stage

    run_stage(
        stage="adapt",
        data=data or [],
        model=model,
        adapter=adapter,
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
