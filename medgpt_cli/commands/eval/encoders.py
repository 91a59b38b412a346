"""`medgpt eval encoders`: which vision tower serves a language model best."""

from __future__ import annotations

from typing import Annotated

import typer

from medgpt_cli.commands.options import DryRun, Force, Json, Online, Out, Resume

Towers = Annotated[
    list[str],
    typer.Option(
        "--tower", metavar="REF", help="Folder of transformers or open_clip, or hub id; repeat it."
    ),
]
Language = Annotated[
    str,
    typer.Option(
        "--llm",
        metavar="REF",
        help="Language model that each of them is joined to: folder, hub id or tiny.",
    ),
]
Records = Annotated[
    list[str],
    typer.Option(
        "--data", metavar="PATH", help="JSONL file or prepared set to train on; repeat it for several."
    ),
]
Tasks = Annotated[
    list[str],
    typer.Option("--task", metavar="NAME|PATH", help="Task or file to score on; repeat it for several."),
]
Recipes = Annotated[
    str,
    typer.Option(
        "--recipes", metavar="FOLDER|NAME", help="Numbered recipes that each tower walks through."
    ),
]
Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE", help="Recipe fields to set for all towers, such as 2-sft:lora.r=8."
    ),
]


def encoders(
    tower: Towers,
    llm: Language,
    data: Records,
    task: Tasks,
    overrides: Words = None,
    recipes: Recipes = "encoder-study",
    out: Out = None,
    resume: Resume = False,
    force: Force = False,
    dry_run: DryRun = False,
    online: Online = False,
    json: Json = False,
) -> None:
    """Trains one language model behind each of several vision towers in the same way, and compares them.

    Two stages by default, as in the encoder comparison of MedGPT-oss: a projector, then adapters on the language
    model and the projector; same records, seed and steps. Each tower is scored with its 95 % interval and compared with
    the first, item by item. Towers that LLaVA cannot hold are refused before anything is trained. Killed at any
    instant, the same line with --resume goes on. The page names what is not the same: each tower sees pictures
    in its own size.

    Example:
        medgpt eval encoders --tower clip --tower siglip --llm tiny --data local.jsonl --task heldout.jsonl
    """
    from medgpt_cli.workflows.encoders.story import Asked, Keeping, run_encoders

    run_encoders(
        Asked(
            towers=tower,
            llm=llm,
            data=data,
            tasks=task,
            recipes=recipes,
            words=overrides or (),
            online=online,
        ),
        Keeping(out=out, resume=resume, force=force),
        dry_run=dry_run,
        as_json=json,
    )
