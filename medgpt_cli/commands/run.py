"""`medgpt run`: a folder of numbered recipes as one resumable pipeline."""

from __future__ import annotations

from typing import Annotated

import typer

from medgpt_cli.commands.options import (
    DataPaths,
    DryRun,
    Force,
    Json,
    Online,
    Out,
    Overrides,
    Rehearse,
    Resume,
)

Source = Annotated[
    str,
    typer.Argument(
        metavar="FOLDER|NAME", help="Folder of numbered recipes, or a shipped family's name."
    ),
]
HeldOut = Annotated[
    list[str] | None,
    typer.Option(
        "--held-out",
        metavar="NAME|PATH",
        help="Task or file that every model is scored on, instead of the recipe's; repeat it for several.",
    ),
]
Skip = Annotated[
    list[str] | None,
    typer.Option("--skip", metavar="RECIPE", help="Leave a recipe out, such as 1-align; repeat it."),
]
Start = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="REF", help="Where the first stage starts, instead of its recipe's."
    ),
]


def run(
    source: Source,
    overrides: Overrides = None,
    data: DataPaths = None,
    held_out: HeldOut = None,
    model: Start = None,
    skip: Skip = None,
    out: Out = None,
    resume: Resume = False,
    force: Force = False,
    dry_run: DryRun = False,
    rehearse: Rehearse = False,
    online: Online = False,
    json: Json = False,
) -> None:
    """Walks all stages of a folder of recipes, each from the last one's model, scores after each, and exports.

    A recipe that prepares data comes first, one that evaluates says how every model is scored, one that exports
    writes the last stage's model for other programs and proves that it is that. A KEY=VALUE word goes to every
    recipe that has such a field and can do what it says (lora.r=8, parts.vision.train=false), one with an address
    to that recipe alone, as in 2-midtrain:train.max_steps=4. Killed at any instant, the same line with --resume
    ends in the same weights: finished stages are skipped once their hashes are checked. summary.json and report.html
    say what each stage took and gained.

    Example:
        medgpt run tiny --data sample/local.jsonl --held-out sample/heldout.jsonl
    """
    from medgpt_cli.workflows.pipeline import steps, story

    asked = steps.Asked(
        source=source,
        out=out,
        data=data or (),
        held_out=held_out or (),
        model=model,
        skip=skip or (),
        words=overrides or (),
        online=online,
    )
    if rehearse:
        story.rehearse(asked, json=json)
    else:
        story.run_pipeline(asked, resume=resume, force=force, dry_run=dry_run, json=json)
