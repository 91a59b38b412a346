"""`medgpt recipe fields`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from medgpt_cli.commands.options import Json

Stage = Annotated[
    Literal["data", "align", "midtrain", "sft", "adapt", "eval", "export"],
    typer.Argument(metavar="STAGE", help="data, align, midtrain, sft, adapt, eval or export."),
]


def fields(stage: Stage, json: Json = False) -> None:
    """Explains every field of a stage: what may stand there, its default, its unit.  --json is a JSON schema.

    Example:
        medgpt recipe fields sft
    """
    from medgpt_cli.workflows import recipes

    recipes.explain(stage, json=json)
