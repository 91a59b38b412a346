"""Extraction files: read strictly, every fault with its line; written whole.

A file of vectors may be larger than memory, so opening it checks every line and keeps only where each begins.  No
message holds a value or an unknown key.  This module knows nothing of what the rows are for.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar, Generic, Protocol, TypeVar

import msgspec

from medgpt_cli.core.errors import BadRecord, Complaint, NotThere
from medgpt_cli.core.files import mode_beside
from medgpt_cli.evaluation.reports.rows import (
    FORMAT,
    VERSION,
    Header,
    RowFault,
)

REPAIR = "write it again with `medgpt eval extract`"


class AnyRow(Protocol):
    """What every kind of row can say of itself."""

    kind: ClassVar[str]

    @property
    def key(self) -> str:
        """What it is found by."""
        ...

    def faults(self, header: Header) -> Iterator[RowFault]:
        """What it does not satisfy."""
        ...


RowT = TypeVar("RowT", bound=AnyRow)


class Table(Generic[RowT]):
    """One extraction file.

    Args:
        path: The file.
        kind: The type of its rows.

    Attributes:
        header: Its first line.
        known: What has been computed of two rows, by their keys; several metrics ask the same.

    Raises:
        NotThere: There is no such file.
        BadRecord: Lines are not what the format asks; all of them are named.
    """

    def __init__(self, path: Path, kind: type[RowT]) -> None:
        self.path = path
        self._decoder = msgspec.json.Decoder(kind)
        self._places: dict[str, int] = {}
        self.known: dict[tuple[str, str], float] = {}
        self.header = self._index(kind)

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __getitem__(self, key: str) -> RowT:
        with self.path.open("rb") as file:
            file.seek(self._places[key])
            return self._decoder.decode(file.readline())

    def _index(self, kind: type[RowT]) -> Header:
        complaints: list[Complaint] = []
        lines: dict[str, int] = {}
        header: Header | None = None
        place = 0
        for number, line in _lines(self.path):
            if header is None:
                header = _header(line, kind.kind, self.path)
            elif row := _row(line, self._decoder, header, f"{self.path}:{number}", complaints):
                if row.key in lines:
                    what = f"is the same report as line {lines[row.key]}"
                    complaints.append(Complaint(what, f"{self.path}:{number}", "keep one of them"))
                lines[row.key] = number
                self._places[row.key] = place
            place += len(line)
        if header is None:
            raise BadRecord("is empty", where=str(self.path), repair=REPAIR)
        if complaints:
            raise BadRecord(
                f"{len(complaints):,} fault{'s' * (len(complaints) > 1)} in {kind.kind}",
                where=str(self.path),
                repair=REPAIR,
                complaints=complaints,
            )
        return header


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            yield from enumerate(file, 1)
    except FileNotFoundError:
        raise NotThere("there is no such file", where=str(path)) from None
    except OSError as error:
        raise BadRecord(
            f"cannot be read: {os.strerror(error.errno or 0)}", where=str(path), repair=REPAIR
        ) from None


def _header(line: bytes, kind: str, path: Path) -> Header:
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRecord(
            "the first line is not the header of an extraction", where=f"{path}:1", repair=REPAIR
        ) from None
    if header.format != FORMAT or header.version != VERSION:
        raise BadRecord(f"is not {FORMAT} version {VERSION}", where=f"{path}:1 format", repair=REPAIR)
    if header.kind != kind:
        raise BadRecord(
            f"does not hold {kind}", where=f"{path}:1 kind", repair=f"name the file of {kind}"
        )
    return header


def _row(
    line: bytes,
    decoder: msgspec.json.Decoder[RowT],
    header: Header,
    where: str,
    complaints: list[Complaint],
) -> RowT | None:
    try:
        row = decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        complaints.append(Complaint(_why(error), where))
        return None
    found = [Complaint(fault.what, f"{where} {fault.field}") for fault in row.faults(header)]
    complaints += found
    return None if found else row


def _why(error: Exception) -> str:
    """The decoder's complaint without what the line says."""
    text = str(error)
    if "unknown field" in text:
        return "has a field that the format does not know; text does not belong here"
    if isinstance(error, msgspec.ValidationError) and "`" in text:
        return text[0].lower() + text[1:].replace("`", "").replace("$.", "")
    return "is not a line of JSON in UTF-8"


def write_table(path: Path, header: Header, rows: Iterable[AnyRow]) -> int:
    """Writes an extraction file.

    When the rows break off, those that were made are kept: the file is a valid one of fewer reports, and scoring says
    how many it lacks.

    Args:
        path: Where the file appears, under a temporary name until then.
        header: Its first line.
        rows: As they are made.

    Returns:
        The number of rows.
    """
    encoder = msgspec.json.Encoder()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    count = 0
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(encoder.encode(header) + b"\n")
            try:
                for row in rows:
                    file.write(encoder.encode(row) + b"\n")
                    count += 1
            finally:
                file.flush()
                os.fsync(file.fileno())
    finally:
        if count:
            os.chmod(name, mode_beside(path.parent, folder=False))
            os.replace(name, path)
        else:
            Path(name).unlink(missing_ok=True)
    return count
