"""ReXGradient-160K: one entry a study, its pictures in a list, its report in four sections; layout not verified.

    metadata/train_metadata_view_position.json     or train_metadata.json; a list, or an object by study
    deid_png/PATIENT/ACCESSION/studies/…/X.png     written as ../deid_png/… in the metadata

What could be established of it comes from code that reads it, so what is needed is checked in each entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import InputError
from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access, Adapter, Written
from medgpt_cli.data.sources.making import by_name_alone, made
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.reports import CONTEXT, TARGETS, Picture, report_record
from medgpt_cli.data.sources.rows import require_columns, rows
from medgpt_cli.data.sources.whole_json import entries

COLUMNS = ("ImagePath", "Findings", "Impression")
_SPLITS = {"train": "train", "valid": "validation", "test": "test"}
_NAMES = ("{}_metadata_view_position.json", "{}_metadata.json")
_FOLDERS = ("metadata/", "download/metadata/", "")


def _tables(path: Path) -> list[tuple[Path, str]]:
    """The metadata files as (file, split); of a split's two the one with views."""
    wanted = [(name.format(word), split) for word, split in _SPLITS.items() for name in _NAMES]
    if path.is_file():
        return [(path, split) for name, split in wanted if path.name == name]
    found: dict[str, Path] = {}
    for name, split in wanted:
        for folder in _FOLDERS:
            if (path / folder / name).is_file():
                found.setdefault(split, path / folder / name)
    return [(file, split) for split, file in found.items()]


def _entries(file: Path) -> Iterator[tuple[dict[str, Any], str]]:
    with file.open("rb") as stream:
        is_list = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    if is_list:
        for row, _ in rows(file):
            yield ({}, row[""]) if set(row) == {""} else (row, "")
    else:
        for _, entry, fault in entries(file):
            yield entry, fault


def _read(path: Path, *, target: str) -> Iterator[Written]:
    tables = _tables(path)
    if not tables:
        raise InputError(
            "holds no train_metadata_view_position.json", where=str(path), repair="name the set's folder"
        )
    for file, split in tables:
        root = path if path.is_dir() else file.parent.parent
        for number, (entry, fault) in enumerate(_entries(file), start=1):
            place = Place(str(file), number)
            if fault:
                yield Written({}, place, root, fault)
                continue
            if number == 1:
                require_columns(entry, COLUMNS, file)
            yield made(
                partial(_record, entry, root, target), place, root,
                id=f"{split}:{number}", source="rexgradient", licence=_LICENCE, split=split,
            )  # fmt: skip


def _record(entry: dict[str, Any], root: Path, target: str) -> dict[str, Any]:
    paths, views = entry.get("ImagePath"), entry.get("ImageViewPosition")
    if type(paths) is not list or any(type(name) is not str for name in paths):
        raise unfit("ImagePath", "is no list of file names")
    if type(views) is not list or len(views) != len(paths):
        views = [""] * len(paths)
    pictures = [
        Picture(find_picture(root, name.removeprefix("../"), "", "download"), _view(view))
        for name, view in zip(paths, views, strict=True)
    ]
    sections = {name: _section(entry.get(name.title())) for name in (*CONTEXT, *TARGETS)}
    record = report_record(pictures, sections, target)
    patient, study = (_section(entry.get(name)) for name in ("PatientID", "AccessionNumber"))
    if patient:
        record |= {"patient_id": patient, "keys": [f"patient:rexgradient/{patient}"]}
    return record | ({"study_id": study} if study else {})


def _section(value: Any) -> str:
    return value if type(value) is str and value.strip() not in ("None", "nan") else ""


def _view(value: Any) -> str:
    return value.strip() if type(value) is str and value not in ("N/A", "UNKNOWN", "None") else ""


_LICENCE = "ReXGradient-160K Non-Commercial Data Access and Use Agreement"
ADAPTERS = tuple(
    Adapter(
        name="rexgradient" if target == "findings" else f"rexgradient-{target}",
        title=f"ReXGradient-160K: {target}",
        licence=_LICENCE,
        access=Access.RESTRICTED,
        home="https://huggingface.co/datasets/rajpurkarlab/ReXGradient-160K",
        read=partial(_read, target=target),
        detect=(lambda path: bool(_tables(path))) if target == "findings" else by_name_alone,
        use=("sft", "eval"),
        verified=False,
    )
    for target in TARGETS
)
