"""Which files of a set lie at a path, and where the set's folder begins.

A person may name the folder a set was unpacked into, or one file of it; in the second case the folder is found by
walking up as far as the file's place in the set is deep, so that image paths mean the same.  Contents are not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of file of a set.

    Attributes:
        glob: Its path in the set's folder, `*` allowed in each part.
        split: The published split all its rows belong to, or empty.
        columns: What it must have, in place of the set's own `columns`; `a|b` needs either.
        names: Its columns where it has no header.  Such files are read without quoting, and the last column takes
            all that is left of the line.
        delimiter: Of a text table; by its ending when empty.
        unless: A file of the set that holds these rows too; where it lies, this one is left alone.
        tied: A column of embedded pictures by whose bytes rows are tied (`Row.picture`), for sets without image ids.
    """

    glob: str
    split: str = ""
    columns: tuple[str, ...] | None = None
    names: tuple[str, ...] = ()
    delimiter: str = ""
    unless: str = ""
    tied: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One file of a set.

    Attributes:
        file: As reached from the path the person named.
        relative: Its path in `root`, with / between folders.
        root: The set's folder, or the folder above it that holds what its links point to.
        table: The first that fits it.
    """

    file: Path
    relative: str
    root: Path
    table: Table


def files_of(path: Path, tables: Sequence[Table]) -> list[Found]:
    """The set's files at a folder or file, in the tables' order, each with the first table it fits."""
    if not path.is_dir():
        found = max((each for table in tables for each in _named(path, table)), key=_depth, default=None)
        return [_with_its_blob(found)] if found else []
    files: dict[Path, Found] = {}
    for table in tables:
        if table.unless and exists(path, table.unless):
            continue
        for file in _fitting(path, table.glob):
            if file.is_file():
                files.setdefault(file, Found(file, file.relative_to(path).as_posix(), path, table))
    return [_with_its_blob(found) for found in files.values()]


def exists(folder: Path, glob: str) -> bool:
    """Whether anything in a folder fits."""
    return any(True for _ in _fitting(folder, glob))


def _fitting(folder: Path, glob: str) -> list[Path]:
    if "*" in glob or "[" in glob:
        return sorted(folder.glob(glob))
    return [folder / glob] if (folder / glob).exists() else []


def _named(path: Path, table: Table) -> list[Found]:
    """The file as one of this table, if the end of its path fits."""
    whole = path.absolute()
    wanted = Path(table.glob).parts
    have = whole.parts[-len(wanted) :]
    if len(have) < len(wanted) or not all(map(fnmatchcase, have, wanted)) or not path.is_file():
        return []
    return [Found(path, "/".join(have), whole.parents[len(wanted) - 1], table)]


def _with_its_blob(found: Found) -> Found:
    """The hub's cache keeps files as links from `snapshots/` into `blobs/`: there the root has to hold both."""
    if not found.file.is_symlink():
        return found
    whole = found.file.absolute()
    for above in found.root.absolute().parents[:2]:
        if (above / "blobs").is_dir() and (above / "snapshots").is_dir():
            return Found(found.file, whole.relative_to(above).as_posix(), above, found.table)
    return found


def _depth(found: Found) -> int:
    return found.relative.count("/")
