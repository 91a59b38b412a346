"""CheXpert Plus: one row a picture, its report's sections in columns; layout not verified.

    df_chexpert_plus_240401.csv     path_to_image, section_findings, section_impression and more
    PNG/train/patient42142/study5/view1_frontal.png

Only some of its columns could be established, so those needed are checked and others are used where they are there.
The table names `.jpg`; pictures are handed out as PNG and as DICOM.  Rows of one study follow each other and become
one record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

from medgpt_cli.core.errors import InputError
from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access, Adapter, Written
from medgpt_cli.data.sources.heads import columns_of, has_columns
from medgpt_cli.data.sources.making import by_name_alone, made
from medgpt_cli.data.sources.reports import TARGETS, Picture, report_record
from medgpt_cli.data.sources.rows import rows

COLUMNS = ("path_to_image", "section_findings", "section_impression")
_GLOB = "df_chexpert_plus_*.csv"
_SECTIONS = {
    "indication": "section_indication",
    "history": "section_clinical_history",
    "technique": "section_technique",
    "comparison": "section_comparison",
    "findings": "section_findings",
    "impression": "section_impression",
}
_STUDY = re.compile(r"(\w+)/(patient\d+)/(study\d+)/[^/]+")
_FOLDERS = ("", "PNG/", "PNG/PNG/", "images/", "DICOM/")
_ENDINGS = (".png", ".jpg", ".dcm")
_SPLITS = {"valid": "validation", "train": "train", "test": "test"}

_Rows = list[tuple[dict[str, Any], Place]]


def _read(path: Path, *, target: str) -> Iterator[Written]:
    for file in _tables(path):
        root = file.parent
        numbered = (
            (row, Place(str(file), number))
            for number, (row, _) in enumerate(rows(file, columns=COLUMNS), 1)
        )
        for study, group in groupby(numbered, key=lambda each: _study_of(each[0])):
            of_study = list(group)
            yield made(
                partial(_record, study, of_study, root, target), of_study[0][1], root,
                source="chexpert-plus", licence=_LICENCE,
            )  # fmt: skip


def _tables(path: Path) -> list[Path]:
    found = sorted(path.glob(_GLOB)) if path.is_dir() else [path]
    if not found:
        raise InputError(
            f"holds no {_GLOB}", where=str(path), repair="name the folder the set was unpacked into"
        )
    return found


def _study_of(row: dict[str, Any]) -> str:
    match = _STUDY.fullmatch(row["path_to_image"] or "")
    return f"{match[1]}/{match[2]}/{match[3]}" if match else ""


def _record(study: str, of_study: _Rows, root: Path, target: str) -> dict[str, Any]:
    if not study:
        raise unfit("path_to_image", "is no split/patient/study/picture")
    split, patient, number = study.split("/")
    first = of_study[0][0]
    pictures = [Picture(_picture(root, row["path_to_image"]), _view(row)) for row, _ in of_study]
    sections = {name: first.get(column) or "" for name, column in _SECTIONS.items()}
    own = f"{patient}/{number}"
    return report_record(pictures, sections, target) | {
        "id": own,
        "patient_id": patient,
        "study_id": own,
        "split": _SPLITS.get(first.get("split") or split, ""),
        "keys": [f"patient:chexpert/{patient}", f"study:chexpert/{own}"],
    }


def _view(row: dict[str, Any]) -> str:
    return (row.get("ap_pa") or row.get("frontal_lateral") or "").strip()


def _picture(root: Path, name: str) -> str:
    plain = PurePosixPath(name)
    names = [name, *(plain.with_suffix(ending).as_posix() for ending in _ENDINGS)]
    there = (f"{folder}{each}" for folder in _FOLDERS for each in names)
    return next((each for each in there if (root / each).is_file()), name)


def _detect(path: Path) -> bool:
    files = sorted(path.glob(_GLOB)) if path.is_dir() else [path] if path.match(_GLOB) else []
    return any(has_columns(columns_of(file), COLUMNS) for file in files)


_LICENCE = "Stanford University Dataset Research Use Agreement"
ADAPTERS = tuple(
    Adapter(
        name="chexpert-plus" if target == "findings" else f"chexpert-plus-{target}",
        title=f"CheXpert Plus: {target}",
        licence=_LICENCE,
        access=Access.RESTRICTED,
        home="https://aimi.stanford.edu/datasets/chexpert-plus",
        read=partial(_read, target=target),
        detect=_detect if target == "findings" else by_name_alone,
        use=("sft", "eval"),
        verified=False,
    )
    for target in TARGETS
)
