"""`medgpt recipe show`."""

from __future__ import annotations

from typing import Annotated

import typer

from medgpt_cli.commands.options import Json, Overrides, RecipeArgument

Comments = Annotated[bool, typer.Option("--comments", help="Explain each field in a comment above it.")]


def show(
    recipe: RecipeArgument,
    overrides: Overrides = None,
    comments: Comments = False,
    json: Json = False,
) -> None:
    """Prints every value of a recipe and where it came from: a default, a line of a file, or KEY=VALUE.

    What is printed is itself a recipe.

    Example:
        medgpt recipe show sft train.lr=1e-5
    """
    from medgpt_cli.workflows import recipes

    recipes.show(recipe, overrides=overrides or [], comments=comments, json=json)
