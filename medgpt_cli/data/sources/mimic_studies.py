"""The studies of MIMIC-CXR in order of time, each with the study before it.

Both tables are read column by column and sorted by subject, date and time, so that no more than one subject's studies
are held as objects.  This module knows the tables and nothing of reports or pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.sources.heads import columns_of
from medgpt_cli.data.sources.rows import require_columns

FRONTAL = ("PA", "AP")
_VIEWS = (*FRONTAL, "LATERAL", "LL")
"""The order pictures are shown in; other views follow."""
_METADATA = ("dicom_id", "subject_id", "study_id", "ViewPosition", "StudyDate", "StudyTime")
_SPLIT = ("dicom_id", "split")
BATCH = 4096
"""Rows of the sorted table held as objects at a time."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: its file's stem, and its view where that is known."""

    dicom: str
    view: str


@dataclass(frozen=True, slots=True)
class Study:
    """One study.

    Attributes:
        subject: The patient's number.
        number: The study's number.
        when: Date (YYYYMMDD) and time (HHMMSS.fff) as numbers; dates are shifted per patient and keep their order.
        split: train, validate, test, or empty.
        line: Of its first picture in the metadata table.
        shots: Its pictures, frontal views first.
    """

    subject: str
    number: str
    when: tuple[int, float]
    split: str
    line: int
    shots: tuple[Shot, ...]

    @property
    def path(self) -> str:
        """The study's folder, and its report but for the ending, below the set's folder."""
        return f"files/p{self.subject[:2]}/p{self.subject}/s{self.number}"


def studies_of(metadata: Path, split: Path) -> Iterator[tuple[Study, Study | None]]:
    """Every study with the most recent one of the same subject that is earlier by date and time, or None.

    Raises:
        BadRecord: A table cannot be read, or lacks columns.
    """
    rows = _sorted(metadata, split)
    for _, of_subject in groupby(rows, key=lambda row: row["subject_id"]):
        studies = [
            _study(list(group)) for _, group in groupby(of_subject, key=lambda row: row["study_id"])
        ]
        studies.sort(key=lambda study: (study.when, study.number))
        for index, study in enumerate(studies):
            # Two studies of one instant have no order, and one without a date has no place in time.
            earlier = [other for other in studies[:index] if _dated(other) and other.when < study.when]
            yield study, earlier[-1] if earlier and _dated(study) else None


def _dated(study: Study) -> bool:
    return study.when[0] > 0


def _study(rows: list[dict[str, Any]]) -> Study:
    first = rows[0]
    shots = sorted(
        (Shot(row["dicom_id"], row["ViewPosition"] or "") for row in rows),
        key=lambda shot: (_VIEWS.index(shot.view) if shot.view in _VIEWS else len(_VIEWS), shot.dicom),
    )
    return Study(
        first["subject_id"],
        first["study_id"],
        min((row["StudyDate"] or 0, row["StudyTime"] or 0.0) for row in rows),
        first["split"] or "",
        min(row["line"] for row in rows),
        tuple(shots),
    )


def _sorted(metadata: Path, split: Path) -> Iterator[dict[str, Any]]:
    """Rows by subject and study, as objects only batch by batch."""
    table = _columns(metadata, _METADATA)
    splits = _columns(split, _SPLIT)
    at = pc.index_in(table["dicom_id"], value_set=splits["dicom_id"])
    table = table.append_column("split", splits["split"].combine_chunks().take(at))
    table = table.append_column(
        "line", pa.array(range(2, table.num_rows + 2), pa.int32())
    ).combine_chunks()
    del splits, at
    order = pc.sort_indices(table, [(name, "ascending") for name in ("subject_id", "study_id", "line")])
    for start in range(0, len(order), BATCH):
        yield from table.take(order[start : start + BATCH]).to_pylist()


def _columns(path: Path, columns: tuple[str, ...]) -> pa.Table:
    """Some columns of a CSV, packed or not; numbers that are names stay texts."""
    require_columns(columns_of(path), columns, path)
    kinds = dict.fromkeys(columns, pa.string()) | {"StudyDate": pa.int64(), "StudyTime": pa.float64()}
    wanted = pyarrow.csv.ConvertOptions(
        column_types=kinds, include_columns=list(columns), null_values=[""], strings_can_be_null=True
    )
    try:
        return pyarrow.csv.read_csv(path, convert_options=wanted)
    except (pa.ArrowInvalid, OSError):
        raise BadRecord(
            "is not a whole table, or a date in it is no number",
            where=str(path),
            repair="copy it again from PhysioNet",
        ) from None
