"""`medgpt data stats`: what a data set is made of, in numbers."""

from __future__ import annotations

from typing import Annotated

import typer

from medgpt_cli.commands.data.words import DataPath, ImageRoot
from medgpt_cli.commands.options import Json, Online

Tokenizer = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="REF",
        help="Model whose tokenizer counts: run folder, checkpoint folder, hub id, tiny or small.",
    ),
]


def stats(
    path: DataPath,
    model: Tokenizer = "tiny",
    image_root: ImageRoot = None,
    online: Online = False,
    json: Json = False,
) -> None:
    """Counts records by source, split, form, licence and facet; lengths, images, patients.

    Lengths are in characters and tokens, with a histogram; of a large set, 20,000 records are encoded and 200
    pictures opened, chosen fairly. Never prints what a record says.

    Example:
        medgpt data stats local.jsonl
    """
    from medgpt_cli.workflows.stats import tell_stats

    tell_stats(path, model=model, image_root=image_root, online=online, json=json)
