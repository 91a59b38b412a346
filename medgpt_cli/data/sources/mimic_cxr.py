"""MIMIC-CXR and MIMIC-CXR-JPG: reports as text files, pictures beside them, split, view and date in tables.

    files/p10/p10000032/s50414267.txt                   the report (MIMIC-CXR)
    files/p10/p10000032/s50414267/02aa804e-….jpg|dcm    its pictures (MIMIC-CXR-JPG or MIMIC-CXR)
    mimic-cxr-2.0.0-split.csv.gz, …-metadata.csv.gz     of MIMIC-CXR-JPG; unpacked ones are read too

The two may be unpacked into one folder or stand beside each other in one.

The prior study is the most recent earlier one of the subject, by date and time, as in EditGRPO (arXiv 2509.22812):
what a report compares with, though its COMPARISON names no study.  One without pictures at hand is not replaced by an
older one, with which the report compares nothing.  No public word was found on how MedGPT-oss (arXiv 2603.00842)
chooses it.

This module knows the layout; sections are `mimic_sections`' business, wording is `reports`', and which study comes
before which is `mimic_studies`'.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import NotThere
from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access, Adapter, Written
from medgpt_cli.data.sources.making import by_name_alone, made
from medgpt_cli.data.sources.mimic_sections import conclusion, last_of_each
from medgpt_cli.data.sources.mimic_studies import FRONTAL, Shot, Study, studies_of
from medgpt_cli.data.sources.reports import TARGETS, Picture, report_record

KINDS = {"": "with the prior study", "multi": "all views", "single": "one frontal view"}
REPORT_CAP = 2**20
"""Bytes a report may have; the longest published one has a few thousand."""

_SPLITS = {"validate": "validation"}


def _read(path: Path, splits: Collection[str] = (), *, kind: str, target: str) -> Iterator[Written]:
    split, metadata = (_table(path, name) for name in ("split", "metadata"))
    layout = _Layout(path)
    for study, prior in studies_of(metadata, split):
        if splits and _SPLITS.get(study.split, study.split) not in splits:
            continue  # its report is not opened
        place = Place(str(metadata), study.line)
        shots = (
            [(shot,) for shot in study.shots if shot.view in FRONTAL]
            if kind == "single"
            else [study.shots]
        )
        if not shots:
            yield Written({}, place, path, "the study has no frontal view")
        for chosen in shots:
            yield made(
                partial(_record, layout, study, chosen, prior if kind == "" else None, target),
                place,
                path,
                source="mimic-cxr",
                licence=_LICENCE,
                split=_SPLITS.get(study.split, study.split),
            )


def _record(
    layout: _Layout, study: Study, shots: tuple[Shot, ...], prior: Study | None, target: str
) -> dict[str, Any]:
    report = layout.report(study)
    sections = last_of_each(report)
    if target == "conclusion":
        sections = {**sections, target: conclusion(report, f"s{study.number}")}
    pictures = [Picture(layout.picture(study, shot), shot.view) for shot in shots]
    if prior:  # one whose pictures were not downloaded is no prior
        pictures += [
            Picture(name, shot.view, prior=True)
            for shot in prior.shots
            if layout.has(name := layout.picture(prior, shot))
        ]
    record = report_record(pictures, sections, target)
    one = f"-{shots[0].dicom}" if len(shots) < len(study.shots) else ""
    return {
        **record,
        "id": f"s{study.number}{one}",
        "patient_id": study.subject,
        "study_id": study.number,
        "keys": [
            f"patient:mimic/{study.subject}",
            f"study:mimic/{study.number}",
            *(f"image:mimic/{shot.dicom}" for shot in shots),
        ],
    }


class _Layout:
    """Where reports and pictures lie below the folder, looked for once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._homes = [home for home in ("", *_inner(root)) if (root / home / "files").is_dir()]

    def report(self, study: Study) -> str:
        for home in self._homes:
            file = self._root / home / f"{study.path}.txt"
            if file.is_file():
                if file.stat().st_size > REPORT_CAP:
                    raise unfit("", "the report is over 1 MB")
                return file.read_text("utf-8", errors="replace")
        raise unfit("", "the study has no report beside its pictures")

    def has(self, name: str) -> bool:
        return (self._root / name).is_file()

    def picture(self, study: Study, shot: Shot) -> str:
        names = [
            f"{home}{study.path}/{shot.dicom}.{ending}"
            for home in self._homes
            for ending in ("jpg", "dcm")
        ]
        # One that is nowhere is named all the same: whoever opens pictures tells that it is missing.
        return next(
            (name for name in names if (self._root / name).is_file()), f"{study.path}/{shot.dicom}.jpg"
        )


def _inner(root: Path) -> list[str]:
    """Folders of the set below another, `mimic-cxr/` or `mimic-cxr-jpg/2.1.0/`, as physionet.org's tree has them."""
    found = [
        folder for depth in ("mimic*/files", "mimic*/*/files") for folder in sorted(root.glob(depth))
    ]
    return [f"{folder.parent.relative_to(root).as_posix()}/" for folder in found]


def _table(root: Path, name: str) -> Path:
    for folder in ("", *_inner(root)):
        for ending in ("csv.gz", "csv"):
            file = root / folder / f"mimic-cxr-2.0.0-{name}.{ending}"
            if file.is_file():
                return file
    raise NotThere(
        f"has no mimic-cxr-2.0.0-{name}.csv.gz",
        where=str(root),
        repair="put MIMIC-CXR-JPG's tables beside `files`; split, view and date stand in them",
    )


def _detect(path: Path) -> bool:
    try:
        return path.is_dir() and bool(_table(path, "metadata")) and bool(_table(path, "split"))
    except NotThere:
        return False


def _adapter(kind: str, target: str) -> Adapter:
    name = "-".join(word for word in ("mimic-cxr", kind, target if target != "findings" else "") if word)
    return Adapter(
        name=name,
        title=f"MIMIC-CXR and -JPG: {target}, {KINDS[kind]}",
        licence=_LICENCE,
        access=Access.CREDENTIALED,
        home="https://physionet.org/content/mimic-cxr-jpg/",
        read=partial(_read, kind=kind, target=target),
        detect=_detect if name == "mimic-cxr" else by_name_alone,
        use=("midtrain", "sft", "eval"),
        read_splits=partial(_read, kind=kind, target=target),
    )


_LICENCE = "PhysioNet Credentialed Health Data License 1.5.0"
ADAPTERS = tuple(_adapter(kind, target) for kind, target in product(KINDS, (*TARGETS, "conclusion")))
