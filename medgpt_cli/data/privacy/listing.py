"""What a source to be de-identified holds: record files, texts, images; and what is none of these.

Told by the file's first bytes, and for texts by its ending.  Links are not followed.  This module opens nothing
further.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.formats import HEAD, format_of

RECORDS = (".jsonl", ".json", ".jsonl.gz", ".json.gz", ".ndjson")
TEXTS = (".txt", ".text", ".rpt", ".md")
TABLES = ("PARQUET", "ARROW")


@dataclass
class Listing:
    """The files of a source, in order of their paths.

    Attributes:
        root: The folder that new names are drawn relative to, so that a copy of the source gets the same ones.
        records: JSONL, JSON arrays, or either gzipped.
        texts: Plain texts.
        images: Everything `format_of` knows but tables.
        others: How many files are none of these, by reason; they are left behind.
    """

    root: Path
    records: list[Path] = field(default_factory=list)
    texts: list[Path] = field(default_factory=list)
    images: list[Path] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)


def list_source(source: Path) -> Listing:
    """Lists a file, or a folder with everything below it."""
    listing = Listing((source if source.is_dir() else source.parent).resolve())
    if not source.is_dir():
        _sort_in(source, listing)
        return listing
    for folder, folders, names in os.walk(source):
        folders.sort()
        for name in sorted(names):
            _sort_in(Path(folder) / name, listing)
    return listing


def _is_one_object(path: Path, lower: str) -> bool:
    """Whether a `.json` file opens with an object that does not end on its line: a manifest, not JSONL."""
    if not lower.endswith(".json"):
        return False
    with path.open("rb") as stream:
        first = stream.readline(1 << 20).strip()
    return first.startswith(b"{") and not first.endswith(b"}")


def _sort_in(path: Path, listing: Listing) -> None:
    lower = path.name.lower()
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        listing.others["is a link"] += 1
    elif not stat.S_ISREG(mode):
        listing.others["is not a regular file"] += 1
    elif lower.endswith(RECORDS):
        if _is_one_object(path, lower):
            listing.others["is JSON and no list of records"] += 1
        else:
            listing.records.append(path)
    elif lower.endswith(TEXTS):
        listing.texts.append(path)
    else:
        try:
            with path.open("rb") as stream:
                kind = format_of(stream.read(HEAD))
        except OSError:
            listing.others["cannot be read"] += 1
        except BadImage as error:
            listing.others[error.what] += 1
        else:
            if kind in TABLES:
                listing.others["is a Parquet or Arrow table"] += 1
            else:
                listing.images.append(path)
