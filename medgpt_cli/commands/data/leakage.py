"""`medgpt data leakage`: whether a training set holds what a model is to be evaluated on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import Force, Json, Out

Train = Annotated[
    Path,
    typer.Argument(metavar="TRAIN", help="Training set: JSONL file, prepared set, or set's folder."),
]
Evaluation = Annotated[
    list[Path],
    typer.Option(
        "--against", metavar="EVAL", help="Evaluation set to compare with; repeat it for several."
    ),
]
ImageRoot = Annotated[
    Path | None,
    typer.Option(
        "--image-root",
        metavar="DIR",
        help="Folder image paths in JSONL files are relative to; each file's own otherwise.",
    ),
]
KeepText = Annotated[
    bool,
    typer.Option("--keep-text", help="Let the texts of overlapping records stand in what is written."),
]


def leakage(
    train: Train,
    against: Evaluation,
    image_root: ImageRoot = None,
    out: Out = None,
    force: Force = False,
    keep_text: KeepText = False,
    json: Json = False,
) -> int:
    """Compares a training set with evaluation sets and lists where they overlap, with reason and evidence.

    Compared are keys such as patient, study and figure; pixels, and prints of images (re-encoded, resized,
    re-windowed, mirrored, inverted, or cut by up to 5 % at an edge); questions; and texts. Of a set published in
    splits, TRAIN means what is not held out and EVAL what is not train. Nothing that a record says is shown
    without --keep-text. Ends with 4 when anything overlaps. --out gets report.html and leakage.json.

    Example:
        medgpt data leakage local.jsonl --against heldout.jsonl
    """
    from medgpt_cli.workflows.leakage import find_leakage

    return find_leakage(
        train, against, image_root=image_root, out=out, force=force, keep_text=keep_text, json=json
    )
