"""`medgpt recipe check`."""

from __future__ import annotations

from typing import Annotated

import typer

from medgpt_cli.commands.options import Json

Paths = Annotated[
    list[str], typer.Argument(metavar="PATH", help="Recipe file, or folder of them at any depth.")
]
Files = Annotated[
    bool, typer.Option("--files", help="Also look for the data files that the recipes name, from here.")
]


def check(paths: Paths, files: Files = False, json: Json = False) -> None:
    """Names every fault of recipe files, by file, line and field; a folder without a recipe is a fault.

    Example:
        medgpt recipe check my-recipes/ --files
    """
    from medgpt_cli.workflows import recipes

    recipes.check(paths, files=files, json=json)
