"""IU X-Ray as Open-i hands it out: one XML file a report, pictures beside.

    ecgen-radiology/1.xml                     sections with labels, pictures by name, licence
    NLMCXR_png/CXR1_1_IM-0001-3001.png        or DICOM in NLMCXR_dcm/1/1_IM-0001-3001.dcm

Patients are not told, so a report is its own group.  Texts have XXXX where something was taken out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import InputError
from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access, Adapter, Written
from medgpt_cli.data.sources.licences import short_name
from medgpt_cli.data.sources.making import by_name_alone, made
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.reports import TARGETS, Picture, report_record
from medgpt_cli.data.sources.xml_files import attribute, name_of, read_xml

_FOLDERS = ("ecgen-radiology", "NLMCXR_reports/ecgen-radiology", "NLMCXR_reports", "reports", "")
_PICTURES = ("NLMCXR_png", "images", "")
_NUMBER = re.compile(r"\d+")
KINDS = {"": "all views", "single": "the first picture that the report names"}
"""Open-i does not say which view a picture is."""
HEAD = 4096


def _reports(path: Path) -> list[Path]:
    """Report files in the order of their numbers."""
    if path.is_file():
        return [path] if path.suffix == ".xml" else []
    for folder in _FOLDERS:
        names = [name for name in _names(path / folder) if name.endswith(".xml")]
        if names:
            return [
                path / folder / name for name in sorted(names, key=lambda name: (_number(name), name))
            ]
    return []


def _names(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def _number(name: str) -> int:
    match = _NUMBER.search(name)
    return int(match[0]) if match else 0


def _read(path: Path, *, kind: str, target: str) -> Iterator[Written]:
    files = _reports(path)
    if not files:
        raise InputError(
            "holds no report of IU X-Ray", where=str(path), repair="unpack NLMCXR_reports.tgz there"
        )
    root = path if path.is_dir() else path.parent
    for file in files:
        yield made(
            partial(_record, file, root, kind, target),
            Place(str(file), 1),
            root,
            source="iu-xray",
            licence=_LICENCE,
        )


def _record(file: Path, root: Path, kind: str, target: str) -> dict[str, Any]:
    report = read_xml(file)
    sections: dict[str, str] = {}
    own, licence, names = "", "", []
    for element in report.iter():
        match name_of(element):
            case "AbstractText":
                sections[attribute(element, "Label").lower()] = "".join(element.itertext())
            case "parentImage":
                names.append(attribute(element, "id"))
            case "uId":
                own = attribute(element, "id")
            case "licenseURL":
                licence = short_name(element.text or "")
    if any(not name or "/" in name for name in names):
        raise unfit("parentImage", "names no picture")
    own = own or next((name.split("_")[0] for name in names), "")
    pictures = [Picture(find_picture(root, f"{name}.png", *_PICTURES)) for name in names]
    record = report_record(pictures[:1] if kind == "single" else pictures, sections, target)
    record |= {"id": own, "study_id": own, "keys": [f"study:iu-xray/{own}"]} if own else {}
    return record | ({"licence": licence} if licence else {})


def _detect(path: Path) -> bool:
    files = _reports(path)
    if not files:
        return False
    with files[0].open("rb") as file:
        return b"<eCitation" in file.read(HEAD)


def _adapter(kind: str, target: str) -> Adapter:
    name = "-".join(word for word in ("iu-xray", kind, target if target != "findings" else "") if word)
    return Adapter(
        name=name,
        title=f"IU X-Ray (Open-i): {target}, {KINDS[kind]}",
        licence=_LICENCE,
        access=Access.RESEARCH,
        home="https://openi.nlm.nih.gov/",
        read=partial(_read, kind=kind, target=target),
        detect=_detect if name == "iu-xray" else by_name_alone,
        use=("sft", "eval"),
    )


_LICENCE = "CC BY-NC-ND 4.0"
ADAPTERS = tuple(_adapter(kind, target) for kind, target in product(KINDS, TARGETS))
