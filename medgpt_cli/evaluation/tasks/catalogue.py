"""The tasks that come with medgpt, by name: one file beside this module each.

This module knows nothing of what stands in one, or of where data lie.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.nearest import nearest
from medgpt_cli.evaluation.tasks.declaration import Declaration, read_declaration

FOLDER = Path(__file__).parent


@cache
def names() -> tuple[str, ...]:
    """Names of the tasks, in order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def find(name: str) -> Declaration:
    """The task of this name.

    Raises:
        UsageError: There is none; the nearest name is told.
    """
    if name not in names():
        near = nearest(name, names())
        raise UsageError(
            f"no task is called {name!r}",
            repair=f"did you mean {near}?" if near else "medgpt eval list names them all",
        )
    return read_declaration(FOLDER / f"{name}.yaml")
