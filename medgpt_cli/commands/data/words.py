"""The words that several `medgpt data` commands share, each explained once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataPath = Annotated[
    Path, typer.Argument(metavar="PATH", help="Prepared set, JSONL file, or a data set's folder.")
]

ImageRoot = Annotated[
    Path | None,
    typer.Option(
        "--image-root",
        metavar="DIR",
        help="Folder image paths are relative to and may not leave; the file's own otherwise.",
    ),
]

Ner = Annotated[bool, typer.Option("--ner", help="Let a named-entity model read too (extra [deid]).")]
NerModel = Annotated[
    Path | None,
    typer.Option(
        "--ner-model", metavar="DIR", help="Token classifier (safetensors) to read beside the rules."
    ),
]
