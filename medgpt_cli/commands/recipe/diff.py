"""`medgpt recipe diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from medgpt_cli.commands.options import Json

First = Annotated[
    str, typer.Argument(metavar="A", help="Recipe file, run folder, shipped name, or defaults.")
]
Second = Annotated[str, typer.Argument(metavar="B", help="The same.")]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print the table as Markdown, for an issue.")]


def diff(first: First, second: Second, markdown: Markdown = False, json: Json = False) -> None:
    """Prints the fields in which two recipes differ once everything is filled in, bases and defaults included.

    Example:
        medgpt recipe diff defaults sft
    """
    from medgpt_cli.workflows import recipes

    recipes.diff(first, second, markdown=markdown, json=json)
