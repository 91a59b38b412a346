"""`medgpt eval compare`: is one run better than another, or can these items not tell?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from medgpt_cli.commands.options import Json

Runs = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUN", help="Folder of an evaluation; the first is what others are measured by."
    ),
]
Published = Annotated[
    str | None,
    typer.Option("--published", metavar="NAME", help="Print published numbers of this set beside ours."),
]
Measure = Annotated[
    str | None,
    typer.Option(
        "--measure", metavar="NAME", help="Compare by this measure, not by each task's headline."
    ),
]
Allow = Annotated[
    list[str] | None,
    typer.Option("--allow", metavar="NAME", help="Compare although this differs: protocol."),
]
Form = Annotated[
    Literal["table", "markdown", "latex"], typer.Option("--format", help="How the table is written.")
]


def compare(
    runs: Runs,
    published: Published = None,
    measure: Measure = None,
    allow: Allow = None,
    form: Form = "table",
    json: Json = False,
) -> None:
    """Compares evaluations item by item: better, worse, or undecided, and what could have been seen at all.

    Every later run is compared with the first, over the same items: an exact or permutation test over patients,
    studies or images, adjusted over all tasks, and an interval of the difference. Several checkpoints in a row
    show what was forgotten. Runs of other items are refused, and of other protocols without --allow protocol.

    Example:
        medgpt eval compare runs/before runs/after
    """
    from medgpt_cli.workflows import compare as workflow

    workflow.compare(runs, published=published, measure=measure, allow=allow or (), form=form, json=json)
