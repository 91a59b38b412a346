"""`medgpt data scan`: what identifies patients, by class and place."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.data.words import Ner, NerModel
from medgpt_cli.commands.options import Force, Json


class Standing(StrEnum):
    """Values of --profile."""

    SAFE_HARBOR = "safe-harbor"
    LDS = "lds"


class Reading(StrEnum):
    """Values of --ocr."""

    AUTO = "auto"
    ALL = "all"
    OFF = "off"


Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH",
        help="JSONL file (- is stdin), prepared set, data set, text, image, or folder of them.",
    ),
]
Ocr = Annotated[
    Reading,
    typer.Option(
        "--ocr", help="Images read for burned-in text: risky kinds and 2 % of the others, all, none."
    ),
]
Profile = Annotated[
    Standing,
    typer.Option(
        "--profile",
        help="What may stand: nothing of 18 classes, or dates and cities (limited data set).",
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
Report = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help="JSON file for places and classes; only you can read it."
    ),
]
ShowValues = Annotated[
    bool, typer.Option("--show-values", help="Show what was found; on a terminal only.")
]


def scan(
    paths: Paths,
    ner: Ner = False,
    ner_model: NerModel = None,
    ocr: Ocr = Reading.AUTO,
    profile: Profile = Standing.SAFE_HARBOR,
    image_root: ImageRoot = None,
    out: Report = None,
    force: Force = False,
    show_values: ShowValues = False,
    json: Json = False,
) -> int:
    """Looks for what identifies patients in texts, image headers and pixels; never shows what it says.

    Counts the 18 classes of Safe Harbor, in two degrees: sure (labelled numbers, telephone, e-mail, birth date,
    street address, labelled patient names) and doubtful. Ends with 4 when anything sure is found. Rules and
    models miss some: a scan is a lower bound, not a proof.

    Example:
        medgpt data scan local.jsonl --ocr off
    """
    from medgpt_cli.workflows.scan import scan_data

    return scan_data(
        paths,
        ner=ner,
        ner_model=ner_model,
        ocr=ocr,
        profile=profile,
        image_root=image_root,
        out=out,
        force=force,
        show_values=show_values,
        json=json,
    )
