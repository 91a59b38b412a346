"""PadChest-GR: grounded findings of one chest film a study, in English and Spanish; layout not verified.

    grounded_reports_20240819.json    [{StudyID, ImageID, findings: [{sentence_en, sentence_es, …}]}]
    master_table.csv                  StudyID, PatientID, split; several rows a study
    Padchest_GR_files/PadChest_GR/    pictures

The English sentences in order are the findings.  Boxes and prior films are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access, Written
from medgpt_cli.data.sources.layout import Table
from medgpt_cli.data.sources.pictures import find_picture
from medgpt_cli.data.sources.reports import Picture, report_record
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.rows import rows
from medgpt_cli.data.sources.tables import table_adapter

_MASTER = "master_table.csv"
_MASTER_COLUMNS = ("StudyID", "PatientID", "split")
_PICTURES = (
    "Padchest_GR_files/PadChest_GR",
    "Padchest_GR_files",
    "PadChest_GR",
    "images_grounding",
    "images",
    "",
)


class _Known(NamedTuple):
    patient: str
    split: str


@lru_cache(maxsize=4)
def _master(root: Path) -> dict[str, _Known]:
    """What the master table says of each study; empty where it is absent."""
    file = root / _MASTER
    if not file.is_file():
        return {}
    return {
        row["StudyID"]: _Known(row["PatientID"], row["split"])
        for row, _ in rows(file, columns=_MASTER_COLUMNS)
    }


def _record(row: Row) -> dict[str, Any]:
    findings = row.values["findings"]
    if type(findings) is not list or any(type(finding) is not dict for finding in findings):
        raise unfit("findings", "is no list of findings")
    sentences = [finding.get("sentence_en") for finding in findings]
    said = " ".join(sentence.strip() for sentence in sentences if type(sentence) is str)
    study, name = row.text("StudyID"), row.text("ImageID")
    record = report_record(
        [Picture(find_picture(row.root, name, *_PICTURES))], {"findings": said}, "findings"
    )
    keys = [f"study:padchest/{study}", f"image:padchest/{name}"]
    known = _master(row.root).get(study)
    if known:
        record |= {"patient_id": known.patient, "split": known.split}
        keys.append(f"patient:padchest/{known.patient}")
    return record | {"id": study, "study_id": study, "keys": keys}


_TABLES = table_adapter(
    name="padchest-gr",
    title="PadChest-GR",
    licence="PadChest Research Data Use Agreement",
    access=Access.RESTRICTED,
    home="https://bimcv.cipf.es/bimcv-projects/padchest-gr/",
    use=("sft", "eval"),
    columns=("StudyID", "ImageID", "findings"),
    tables=(Table("grounded_reports_*.json"),),
    record=_record,
    verified=False,
)


def _read(path: Path) -> Iterator[Written]:
    _master.cache_clear()  # the folder may have changed since it was read last
    yield from _TABLES.read(path)


ADAPTER = replace(_TABLES, read=_read, read_splits=None)
