"""The columns of a table, read from its first bytes: what detection looks at.

A file that cannot be read has no columns here; whoever reads it in full says why.  This module knows nothing of any
set.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from pathlib import Path

HEAD = 2**20
"""Bytes looked at; the first record of a JSON file has to end inside them."""
_POINTER = b"version https://git-lfs.github.com/spec/"


def columns_of(path: Path, delimiter: str = "") -> tuple[str, ...]:
    """Column names of a Parquet or delimited file, or the keys of a JSON file's first record.

    Args:
        path: The ending says the kind, as in `rows`.
        delimiter: Of a text table; by its ending when empty.

    Returns:
        The names in order, or nothing when the file is no such table.
    """
    name = path.name.removesuffix(".gz").lower()
    if not path.is_file():
        return ()
    if name.endswith(".parquet"):
        return _parquet(path)
    head = _head(path)
    if name.endswith((".json", ".jsonl")):
        return _first_keys(head)
    line = head.partition("\n")[0].rstrip("\r")
    try:
        return tuple(
            next(csv.reader([line], delimiter=delimiter or ("\t" if name.endswith(".tsv") else ",")))
        )
    except (csv.Error, StopIteration):
        return ()


def has_columns(have: tuple[str, ...], need: tuple[str, ...]) -> bool:
    """Whether every needed column is there; `a|b` needs either."""
    return all(any(name in have for name in column.split("|")) for column in need)


def is_pointer(path: Path) -> bool:
    """Whether a file is what Git leaves in place of a large one that was not fetched."""
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER


def _head(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as raw:
            start = raw.read(HEAD)
            if start[:2] == b"\x1f\x8b":
                raw.seek(0)
                start = gzip.GzipFile(fileobj=raw).read(HEAD)
    except (OSError, EOFError):
        return ""
    return start.decode("utf-8-sig", errors="ignore")


def _first_keys(head: str) -> tuple[str, ...]:
    start = head.find("{")
    if start < 0 or head[:start].strip() not in ("", "["):
        return ()
    try:
        value, _ = json.JSONDecoder().raw_decode(head, start)
    except (ValueError, RecursionError):
        return ()
    return tuple(value)


def _parquet(path: Path) -> tuple[str, ...]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowException, OSError):
        return ()
