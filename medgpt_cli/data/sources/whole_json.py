"""JSON files that are one object: entries by their keys, or columns of rows.

Such a file is read as a whole, like a JSON array; its entries are decoded one by one.  This module knows nothing of
any set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.jsonl import ARRAY_CAP
from medgpt_cli.data.sources.making import told
from medgpt_cli.data.strict_json import read_object

HEAD = 2**16
"""Bytes looked at when a set is to be known."""

_COLUMNAR = re.compile(r'\s*\{\s*"[^"]+"\s*:\s*\{\s*"0"\s*:')
_OF_LISTS = re.compile(r'\s*\{\s*"[^"]+"\s*:\s*\[\s*[{\]]')
_ENTRIES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_COLUMNS = msgspec.json.Decoder(dict[str, dict[str, Any]])
_LISTS = msgspec.json.Decoder(dict[str, list[msgspec.Raw]])


def entries(path: Path) -> Iterator[tuple[str, dict[str, Any], str]]:
    """`{key: {…}, …}` as (key, entry, fault), in the file's order.

    Raises:
        BadRecord: The file is no such object.
    """
    for key, raw in _decoded(path, _ENTRIES).items():
        yield (key, *_entry(raw))


def lists(path: Path) -> Iterator[tuple[str, int, dict[str, Any], str]]:
    """`{key: [{…}, …], …}` as (key, number of the entry from 1, entry, fault).

    Raises:
        BadRecord: The file is no such object.
    """
    for key, items in _decoded(path, _LISTS).items():
        for number, raw in enumerate(items, start=1):
            yield (key, number, *_entry(raw))


def columnar(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """`{column: {"0": …, "1": …}, …}`, as pandas writes a table, as (number of the row from 1, row).

    Raises:
        BadRecord: The file is no such object.
    """
    columns: dict[str, dict[str, Any]] = _decoded(path, _COLUMNS)
    indices = list(dict.fromkeys(index for column in columns.values() for index in column))
    for number, index in enumerate(indices, start=1):
        yield number, {name: column.get(index) for name, column in columns.items()}


def is_columnar(path: Path) -> bool:
    """Whether a file begins as a columnar one does."""
    return _COLUMNAR.match(_head(path)) is not None


def is_lists(path: Path, *fields: str) -> bool:
    """Whether a file begins as an object of lists does, and entries with these fields follow."""
    head = _head(path)
    return _OF_LISTS.match(head) is not None and all(f'"{field}"' in head for field in fields)


def _head(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(HEAD).decode("utf-8-sig", errors="ignore")
    except OSError:
        return ""


def _entry(raw: msgspec.Raw) -> tuple[dict[str, Any], str]:
    try:
        return read_object(bytes(raw)), ""
    except Unfit as error:
        return {}, told(error)


def _decoded(path: Path, decoder: msgspec.json.Decoder[Any]) -> Any:
    try:
        if path.stat().st_size > ARRAY_CAP:
            raise BadRecord("is one JSON object over 2 GB", where=str(path), repair="write it as JSONL")
        return decoder.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRecord(
            "is not the JSON object this set is published as", where=str(path), repair="copy it again"
        ) from None
    except OSError as error:
        raise BadRecord(f"cannot be read: {error.strerror}", where=str(path)) from None
