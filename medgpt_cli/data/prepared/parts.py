"""One unit of work as one file: the rows of a block, what was left out of it, and what was counted.

A part appears whole or not at all, so a killed run goes on behind the parts that are there, and several machines may
write into one folder.  This module knows nothing of how a row came about.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from medgpt_cli.core.files import mode_beside
from medgpt_cli.core.types import Element, Place
from medgpt_cli.data.prepared.columns import sample_fields

FOLDER = "parts"
LAYOUT = 3
"""Version of what stands in a part; parts of another one are not gone on with."""
ROWS = 512
"""Rows written at a time."""
BYTES = 32 * 2**20
"""Bytes of embedded pictures after which fewer rows are written at a time."""
UNLABELLED = "label"
"""The stage at which a record is left out whose publisher keeps its answer back: nothing is wrong with it."""
_NOTES = b"notes"


class Reject(NamedTuple):
    """One record that was left out.

    Attributes:
        file: Where it stands.
        line: The line, or row from 1; 0 for a file as a whole.
        stage: What refused it: file, record, label, image, filter, phi, duplicate, leakage,
            split.
        reason: In words that hold no text of the record.
        element: Which record of an array, from 0, where several begin on the line.
    """

    file: str
    line: int
    stage: str
    reason: str
    element: int | None = None

    @classmethod
    def at(cls, place: Place, stage: str, reason: str) -> Reject:
        """One at a place."""
        element = place.line.index if isinstance(place.line, Element) else None
        return cls(place.file, int(place.line), stage, reason, element)

    @property
    def where(self) -> str:
        """The place as a message names it."""
        if not self.line:
            return self.file
        return str(
            Place(self.file, self.line if self.element is None else Element(self.line, self.element))
        )


@dataclass
class Notes:
    """What is known of a block beside its rows.

    Attributes:
        source: Index of its source.
        read: Records looked at.
        rejects: Those left out.
        files: (bytes, modified in nanoseconds) of each record file, to tell whether it has changed since.
        sure: Findings of identifiers of high confidence, by class.
        doubtful: The other findings.
        flags: What is odd about images, each counted once a use.
        met: Numbers of the evaluation records that its records meet.
        unread: Evaluation records that could not be read, the same number in every block.
        unopened: Images of evaluation records that could not be opened, likewise.
        compared: Of each evaluation set the counts of `Evaluation.sets`, likewise.
    """

    source: int
    read: int = 0
    rejects: list[Reject] = field(default_factory=list)
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    sure: Counter[str] = field(default_factory=Counter)
    doubtful: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    met: set[int] = field(default_factory=set)
    unread: int = 0
    unopened: int = 0
    compared: list[list[int]] = field(default_factory=list)


def part_schema(*, embedded: bool) -> pa.Schema:
    """The columns of a part: the sample's, and those by which the whole is divided."""
    return pa.schema(
        [
            *sample_fields(embedded=embedded),
            pa.field("file", pa.string()),
            pa.field("line", pa.int64()),
            pa.field("element", pa.int32()),
            pa.field("published", pa.string()),
            pa.field("phi", pa.int32()),
            pa.field("sure", pa.int32()),
            pa.field("doubtful", pa.int32()),
            pa.field("characters", pa.int64()),
            pa.field("ties", pa.list_(pa.string())),
            pa.field("own", pa.string()),
            pa.field("phash", pa.list_(pa.binary(32))),
            pa.field("lopsided", pa.list_(pa.float32())),
            pa.field("exact", pa.binary(16)),
            pa.field("signature", pa.binary(128)),
            pa.field("words", pa.int32()),
            pa.field("fit", pa.float64()),
            pa.field("leak", pa.string()),
        ]
    )


def path_of(folder: Path, number: int) -> Path:
    """Where the part of a block stands."""
    return folder / FOLDER / f"{number:06d}.parquet"


def write_part(path: Path, rows: Iterator[dict[str, Any]], notes: Notes, *, embedded: bool) -> None:
    """Writes one part; the notes are read when the rows have been.

    Args:
        path: Where it shall appear.
        rows: With the columns of `part_schema`.
        notes: Filled while the rows are made.
        embedded: Whether the rows carry their pictures.
    """
    schema = part_schema(embedded=embedded)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            with pq.ParquetWriter(file, schema, compression="zstd", compression_level=1) as writer:
                for some in _batched(rows, embedded=embedded):
                    writer.write_table(pa.Table.from_pylist(some, schema))
                told = vars(notes) | {"met": sorted(notes.met)}
                text = json.dumps(told, ensure_ascii=False)
                writer.add_key_value_metadata({_NOTES: text.encode("utf-8", "surrogateescape")})
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode_beside(path.parent, folder=False))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_notes(path: Path) -> Notes:
    """The notes of a part."""
    raw = pq.read_metadata(path).metadata[_NOTES]
    found = json.loads(raw.decode("utf-8", "surrogateescape"))
    return Notes(
        found["source"],
        found["read"],
        [Reject(*reject) for reject in found["rejects"]],
        {file: (size, changed) for file, (size, changed) in found["files"].items()},
        Counter(found["sure"]),
        Counter(found["doubtful"]),
        Counter(found["flags"]),
        set(found["met"]),
        found["unread"],
        found["unopened"],
        found["compared"],
    )


def _batched(rows: Iterator[dict[str, Any]], *, embedded: bool) -> Iterator[list[dict[str, Any]]]:
    some: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        some.append(row)
        if embedded:
            size += sum(len(image["bytes"]) for image in row["images"])
        if len(some) == ROWS or size >= BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some
