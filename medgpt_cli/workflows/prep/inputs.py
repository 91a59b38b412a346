"""The files a preparation reads, as they were when it was begun: whether one is new, gone or changed since.

A data file that the person named is told by its name; of a folder only how many files differ, since names of files may
be names of patients.  This module knows nothing of what the files hold.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import Complaint, InputError
from medgpt_cli.core.files import sha256_file
from medgpt_cli.data.prepared.raw import Source, record_files

HASHED = 2**26
"""Bytes up to which a file of an evaluation set is compared by its hash; a larger one by its size and time."""
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".dcm", ".nii", ".nii.gz", ".svs")
"""Files that are compared by their size and time alone: there may be very many."""

Listing = dict[str, dict[str, Any]]
"""For each path as typed: what is known of each of its files, by their names within it."""


def listing(sources: Sequence[Source], against: Sequence[str]) -> dict[str, Listing]:
    """The files of all sources and evaluation sets, as JSON can hold them.

    Args:
        sources: What is prepared: the size of each file and when it was changed.
        against: Evaluation sets: the hashes of their files, and what is said of sources for their pictures.
    """
    read = {str(source.path): {name: _state(path) for name, path in _of(source)} for source in sources}
    return {
        "files": read,
        "against": {
            name: {below: _print(path) for below, path in _below(Path(name))} for name in against
        },
    }


def refuse_changed(before: Mapping[str, Listing], now: Mapping[str, Listing]) -> None:
    """Compares two listings of the same sources and evaluation sets.

    Raises:
        InputError: A file is new, gone or changed; all are told at once.
    """
    complaints = [
        Complaint(words, name)
        for kind, sets in before.items()
        for name, files in sets.items()
        if (words := _differing(files, now.get(kind, {}).get(name, {})))
    ]
    if complaints:
        raise InputError(
            "what is read was changed after the preparation was begun",
            repair="begin anew with --force",
            complaints=complaints,
        )


def digests(read: Mapping[str, Listing]) -> dict[str, str]:
    """One hash for each path of a listing, to tell later that something in it is not what it was."""
    found: dict[str, str] = {}
    for kind in read.values():
        for name, files in kind.items():
            text = json.dumps([found.get(name, ""), files], sort_keys=True)
            found[name] = hashlib.sha256(text.encode()).hexdigest()
    return found


def hashes_of(path: str) -> dict[str, str]:
    """The SHA-256 of each file of an evaluation set that is no picture, by its name within the set."""
    return {name: sha256_file(file) for name, file in _below(Path(path)) if not _shows(file)}


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    new, gone = len(now.keys() - before.keys()), len(before.keys() - now.keys())
    changed = sum(1 for name in before.keys() & now.keys() if before[name] != now[name])
    if set(before) | set(now) == {""}:
        return "was changed after it was read" if new or gone or changed else ""
    told = [
        f"{count:,} {word}"
        for count, word in ((new, "new"), (gone, "gone"), (changed, "changed"))
        if count
    ]
    return f"files in it since it was read: {', '.join(told)}" if told else ""


def _of(source: Source) -> Iterator[tuple[str, Path]]:
    """The files of a source; a folder of records has others beside them that nobody reads."""
    if source.adapter is None and source.prepared is None and source.path.is_dir():
        yield from (
            (_printable(str(file.relative_to(source.path))), file) for file in record_files(source.path)
        )
    else:
        yield from _below(source.path)


def _below(path: Path) -> Iterator[tuple[str, Path]]:
    """(name within the path, file) of everything at a path that is not hidden."""
    if path.is_file():
        yield "", path
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if not name.startswith(".") and file.is_file():
                yield _printable(str(file.relative_to(path))), file


def _printable(name: str) -> str:
    """A file's name as text that can be written, whatever bytes it is made of."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _state(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _print(path: Path) -> Any:
    return _state(path) if _shows(path) or path.stat().st_size > HASHED else sha256_file(path)


def _shows(path: Path) -> bool:
    return path.name.lower().endswith(PICTURES)
