"""`medgpt recipe list`."""

from __future__ import annotations

from medgpt_cli.commands.options import Json


def list_recipes(json: Json = False) -> None:
    """Lists the recipes that come with medgpt: name, stage, and what each makes.

    Example:
        medgpt recipe list
    """
    from medgpt_cli.workflows import recipes

    recipes.list_shipped(json=json)
