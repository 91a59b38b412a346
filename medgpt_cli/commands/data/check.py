"""`medgpt data check`: every fault of a data file, before anything is trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.data.words import ImageRoot
from medgpt_cli.commands.options import Json

DataFile = Annotated[
    Path,
    typer.Argument(
        metavar="PATH", help="JSONL file, JSON array, either gzipped, prepared set, or - (stdin)."
    ),
]


def check(path: DataFile, image_root: ImageRoot = None, json: Json = False) -> int:
    """Reads a data file and decodes every image; names each fault by file, line and field.

    Of a prepared set it compares the hashes too, and that no patient or study is in two splits.
    Counts records by form, images and roles. Never prints what a record says. Ends with 3 when anything is
    wrong, after the first 20 faults; --json has all of them.

    Example:
        medgpt data check local.jsonl
    """
    from medgpt_cli.workflows.check import check_data

    return check_data(path, image_root=image_root, json=json)
