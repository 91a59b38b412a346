"""`medgpt data card`: a datasheet from the manifest of a prepared set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import Force

Prepared = Annotated[Path, typer.Argument(metavar="PATH", help="Prepared set.")]
Sheet = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Markdown file to write; stdout otherwise.")
]


def card(path: Prepared, out: Sheet = None, force: Force = False) -> None:
    """Writes a datasheet in Markdown: sources, licences, access, counts, filters, gates, waivers, limits.

    The headings are those of Datasheets for Datasets. What no program can know stands as a question marked for a
    person to answer. Nothing that a record says is in it.

    Example:
        medgpt data card prepared --out DATASHEET.md
    """
    from medgpt_cli.workflows.card import write_card

    write_card(path, out=out, force=force)
