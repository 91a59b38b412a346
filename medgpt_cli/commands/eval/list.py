"""`medgpt eval list`: which tasks there are, and which can be asked here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import Json

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TASK|FILE", help="Tell of these tasks, or task files of your own, at length."
    ),
]
Data = Annotated[
    Path,
    typer.Option(
        "--data", metavar="DIR", help="Folder the public sets lie in or below; the current one."
    ),
]


def list_tasks(task: Names = None, data: Data = Path(), json: Json = False) -> None:
    """Lists the tasks: how many questions are here, under which licence, and what to put where.

    A set is known by its files, in DIR itself or one folder down. Naming tasks tells of each its prompt profiles,
    measures and the traps of its set that are handled. --json has everything of all of them.

    Example:
        medgpt eval list --data .
    """
    from medgpt_cli.workflows.task_list import list_tasks as list_them

    list_them(task or (), data=data, json=json)
