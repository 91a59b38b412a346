"""Report sets as evaluation code passes them on: MedEvalKit's `test.json` and R2Gen's `annotation.json`.

    test.json         [{id, image: [name, …], findings, impression}]                        under images/
    annotation.json   {train: [{id, report, image_path: [name, …]}], val: […], test: […]}   under images/

Both exist for MIMIC-CXR and for IU X-Ray in the same columns, so the folder's name tells which it is.  Keys are those
the full sets have, so that a study is known whichever copy it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access, Adapter, Written
from medgpt_cli.data.sources.layout import Table
from medgpt_cli.data.sources.making import by_name_alone, made
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.reports import TARGETS, Picture, report_record
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.tables import table_adapter
from medgpt_cli.data.sources.whole_json import is_lists, lists

_IU = re.compile(r"CXR\d+")
_PATIENT, _STUDY = re.compile(r"(?<![\w-])p(\d{8})(?!\d)"), re.compile(r"(?<![\w-])s(\d{8})(?!\d)")
_DICOM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{8}){4}")
_ANNOTATION = "annotation.json"
_SPLITS = {"train": "train", "val": "validation", "test": "test"}


@dataclass(frozen=True, slots=True)
class _Set:
    name: str
    title: str
    licence: str
    access: Access
    home: str
    called: tuple[str, ...]


_SETS = (
    _Set("mimic-cxr", "MIMIC-CXR", "PhysioNet Credentialed Health Data License 1.5.0", Access.CREDENTIALED,
         "https://physionet.org/content/mimic-cxr/", ("mimic",)),
    _Set("iu-xray", "IU X-Ray", "CC BY-NC-ND 4.0", Access.RESEARCH,
         "https://openi.nlm.nih.gov/", ("iu_xray", "iu-xray", "iu xray", "iuxray")),
)  # fmt: skip


def study_keys(*names: str) -> list[str]:
    """Keys of patient, study and picture that ids and file names of either set tell."""
    found: list[str] = []
    for name in names:
        found += [f"study:iu-xray/{match[0]}" for match in _IU.finditer(name)]
        found += [f"patient:mimic/{match[1]}" for match in _PATIENT.finditer(name)]
        found += [f"study:mimic/{match[1]}" for match in _STUDY.finditer(name)]
        found += [f"image:mimic/{match[0]}" for match in _DICOM.finditer(name)]
    return list(dict.fromkeys(found))


def _pictures(names: Any, root: Path, field: str) -> list[Picture]:
    names = [names] if type(names) is str else names
    if type(names) is not list or any(type(name) is not str for name in names):
        raise unfit(field, "is no list of file names")
    return [Picture(find_picture(root, name, "images", "")) for name in names]


def _named(own: Any, names: Any, **words: Any) -> dict[str, Any]:
    """The id, and the keys that id and names tell."""
    names = [names] if type(names) is str else names
    own = str(own) if type(own) in (str, int) and str(own).strip() else ""
    told = [own, *names]
    own = own or names[0]  # a list on one line gives its entries no other name
    record = {"keys": study_keys(*told)} | {"id": own} | words
    return {key: value for key, value in record.items() if value}


def _mek(row: Row, target: str) -> dict[str, Any]:
    names = row.values["image"]
    pictures = _pictures(names, row.root, "image")
    sections = {name: row.word(name) for name in ("findings", "impression")}
    return report_record(pictures, sections, target) | _named(row.values.get("id"), names)


def _r2gen(entry: dict[str, Any], root: Path) -> dict[str, Any]:
    names, report = entry.get("image_path"), entry.get("report")
    pictures = _pictures(names, root, "image_path")
    if type(report) is not str:
        raise unfit("report", "is no text")
    ids = [str(entry[key]) for key in ("subject_id", "study_id") if type(entry.get(key)) in (int, str)]
    numbered = [f"{mark}{own}" for mark, own in zip("ps", ids, strict=False)]
    found = _named(entry.get("id"), [*names, *numbered] if type(names) is list else [names, *numbered])
    return report_record(pictures, {"findings": report}, "findings") | found


def _mek_adapter(of: _Set, target: str) -> Adapter:
    tail = "" if target == "findings" else f"-{target}"
    adapter = table_adapter(
        name=f"{of.name}-mek{tail}",
        title=f"{of.title}, MedEvalKit's test list: {target}",
        licence=of.licence,
        access=of.access,
        home=of.home,
        use=("eval",),
        columns=("image", "findings", "impression"),
        tables=(Table("test.json", "test"),),
        record=lambda row: {"source": of.name, **_mek(row, target)},
        called=of.called,
    )
    return adapter if target == "findings" else replace(adapter, detect=by_name_alone)


def _annotation(path: Path) -> Path:
    return path / _ANNOTATION if path.is_dir() else path


def _read_r2gen(path: Path, of: _Set) -> Iterator[Written]:
    file = _annotation(path)
    for split, number, entry, fault in lists(file):
        place = Place(str(file), number)
        if fault or split not in _SPLITS:
            yield Written({}, place, file.parent, fault or "stands under a split that is none")
            continue
        yield made(
            partial(_r2gen, entry, file.parent), place, file.parent,
            id=f"{split}:{number}", source=of.name, licence=of.licence, split=_SPLITS[split],
        )  # fmt: skip


def _detect_r2gen(path: Path, of: _Set) -> bool:
    file = _annotation(path)
    near = "/".join(file.absolute().parts[-4:]).lower()
    return (
        file.name == _ANNOTATION
        and is_lists(file, "image_path", "report")
        and any(w in near for w in of.called)
    )


def _r2gen_adapter(of: _Set) -> Adapter:
    return Adapter(
        name=f"{of.name}-r2gen",
        title=f"{of.title}, R2Gen's annotation",
        licence=of.licence,
        access=of.access,
        home=of.home,
        read=partial(_read_r2gen, of=of),
        detect=partial(_detect_r2gen, of=of),
        use=("sft", "eval"),
    )


ADAPTERS = tuple(
    adapter
    for of in _SETS
    for adapter in (*(_mek_adapter(of, target) for target in TARGETS), _r2gen_adapter(of))
)
