"""`medgpt data deid`: a de-identified copy of records, texts and images."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.data.words import Ner, NerModel
from medgpt_cli.commands.options import DryRun, Json


class Dates(StrEnum):
    """Values of --profile."""

    SHIFTED = "shifted"
    SAFE_HARBOR = "safe-harbor"


class Reading(StrEnum):
    """Values of --ocr."""

    AUTO = "auto"
    ALL = "all"
    OFF = "off"


Source = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE", help="JSONL file, text, image, or a folder of them (DICOM included)."
    ),
]
OutFolder = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="The copy; it appears whole, once it is verified.")
]
Key = Annotated[
    Path | None,
    typer.Option(
        "--key", metavar="FILE", help="Secret key, made if missing: reruns agree. DIR.key otherwise."
    ),
]
NoKey = Annotated[
    bool, typer.Option("--no-key", help="Throw the key away: nobody can tie the copy to the originals.")
]
DatesProfile = Annotated[
    Dates,
    typer.Option(
        "--profile", help="Dates: moved by one number of days per patient, or cut to the year."
    ),
]
Ocr = Annotated[
    Reading,
    typer.Option(
        "--ocr", help="Images read for burned-in text: risky kinds and 2 % of the others, all, none."
    ),
]
ImageRoot = Annotated[
    Path | None,
    typer.Option(
        "--image-root",
        metavar="DIR",
        help="Folder image paths are relative to and may not leave; each file's own otherwise.",
    ),
]


def deid(
    source: Source,
    out: OutFolder,
    key: Key = None,
    no_key: NoKey = False,
    profile: DatesProfile = Dates.SHIFTED,
    ner: Ner = False,
    ner_model: NerModel = None,
    ocr: Ocr = Reading.AUTO,
    image_root: ImageRoot = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Copies records, texts and images with every identifier that is found replaced.

    Names, dates, numbers and places become stand-ins that stay the same inside a patient; DICOM headers follow
    the Basic Profile of PS3.15 Annex E; other images lose their metadata; burned-in text is blanked where it is
    read, which is a lower bound. The copy is read again and refused (4) if anything certain is left. Reading
    pixels needs pip install 'medgpt[ocr]'.

    Example:
        medgpt data deid local.jsonl --out local-deid
    """
    from medgpt_cli.core.errors import UsageError
    from medgpt_cli.workflows.deid import run_deid

    if key is not None and no_key:
        raise UsageError("--key and --no-key exclude each other", repair="give one of them")
    run_deid(
        source,
        out,
        key=key,
        no_key=no_key,
        profile=profile.value,
        ner=ner,
        ner_model=ner_model,
        ocr=ocr.value,
        image_root=image_root,
        dry_run=dry_run,
        json=json,
    )
