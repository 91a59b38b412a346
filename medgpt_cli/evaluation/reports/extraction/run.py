"""One extraction from reports to file: who reads, what is already read, what is kept.

This module imports torch only for those extractions that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from medgpt_cli.core.errors import InputError, Missing, OutputExists, UsageError
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.evaluation.reports.extraction.weights import weights_folder
from medgpt_cli.evaluation.reports.parts import EXTRACTIONS, Part
from medgpt_cli.evaluation.reports.rows import Header
from medgpt_cli.evaluation.reports.tables import AnyRow, Table, write_table

BATCH = 16


class Reader(Protocol):
    """A model that reads reports."""

    header: Header

    def rows(self, texts: Mapping[str, str], batch_size: int) -> Iterator[Any]:
        """One row for each report."""
        ...


class Done(NamedTuple):
    """What became of an extraction.

    Attributes:
        file: The extraction.
        rows: Rows in it.
        new: Of these, read now.
        failed: Of the new ones, those that came to nothing.
    """

    file: Path
    rows: int
    new: int
    failed: int


def find(extraction: str) -> Part:
    """An extraction by its word.

    Raises:
        UsageError: There is none of that name.
    """
    if extraction not in EXTRACTIONS:
        repair = did_you_mean(extraction, EXTRACTIONS) or "one of " + ", ".join(EXTRACTIONS)
        raise UsageError(f"--metric {extraction} is no extraction", repair=repair)
    return EXTRACTIONS[extraction]


def open_reader(
    extraction: str, weights: Path | None, layer: int | None = None, baseline: float | None = None
) -> Reader:
    """The model of an extraction that runs here: chexbert, bertscore or rate.

    Raises:
        Missing: Its weights are not here.
        BadCheckpoint: They cannot be read.
    """
    folder = weights_folder(extraction, weights)
    try:
        if extraction == "chexbert":
            from medgpt_cli.evaluation.reports.extraction import chexbert

            return chexbert.Extractor(folder)
        if extraction == "bertscore":
            from medgpt_cli.evaluation.reports.extraction import bertscore

            return bertscore.Extractor(folder, layer, baseline)
        from medgpt_cli.evaluation.reports.extraction import rate

        return rate.Extractor(folder)
    except ModuleNotFoundError as error:
        raise Missing(f"{error.name} is not installed", repair=f"pip install {error.name}") from None


def write(
    part: Part,
    out: Path,
    header: Header,
    wanted: Iterable[str],
    make: Callable[[set[str]], Iterable[AnyRow]],
    *,
    resume: bool,
    force: bool,
) -> Done:
    """Writes an extraction, going on from an earlier one where asked.

    Args:
        part: Which.
        out: Folder of extractions, which exists.
        header: Of the new rows.
        wanted: Keys of the rows the file shall hold.
        make: Makes the rows of the keys it is handed.
        resume: Keep the rows of an existing file, those that failed excepted, and add what it lacks.
        force: Overwrite an existing file.

    Raises:
        OutputExists: The file exists, and neither is given.
        InputError: The file to go on from was made by another model or with other settings.
    """
    file = out / part.file
    earlier: Table[Any] | None = None
    have: list[str] = []
    if file.exists() and not force:
        if not resume:
            raise OutputExists(
                "exists already",
                where=str(file),
                repair="add --resume to go on, or --force to overwrite it",
            )
        earlier, have = _earlier(file, part, header)
    lacking = set(wanted).difference(have)
    new = failed = 0

    def rows() -> Iterator[AnyRow]:
        nonlocal new, failed
        if earlier is not None:
            yield from (earlier[key] for key in have)
        for row in make(lacking) if lacking else ():
            yield row
            new += 1
            failed += bool(getattr(row, "failed", ""))

    total = write_table(file, header, rows())
    return Done(file, total, new, failed)


def _earlier(file: Path, part: Part, header: Header) -> tuple[Table[Any], list[str]]:
    """The existing file, and the keys of its rows that did not fail."""
    table: Table[Any] = Table(file, part.row)
    if table.header != header:
        raise InputError(
            "was made by another model or with other settings",
            where=str(file),
            repair="name another --out, or overwrite it with --force",
        )
    return table, [key for key in table if not getattr(table[key], "failed", "")]
