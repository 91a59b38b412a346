"""Elements of a JSON array one by one, however large the file: public sets are published as arrays of a gigabyte.

Only where an element ends is found out here; whether it is JSON is asked of each element by itself, so a broken one
costs nobody else.  Memory is one piece of the file and the longest element.  This module knows nothing of records.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.jsonl import LINE_CAP

PIECE = 2**20
"""Bytes read at a time."""

_MARK = b"\xef\xbb\xbf"
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\]]', re.DOTALL)
"""A whole string, or the beginning of one that goes on, or a bracket outside of strings."""
_SPACE = re.compile(rb"[ \t\r\n]*")
_PLAIN = re.compile(rb"[^,\]]*")


def is_array(path: Path) -> bool:
    """Whether a file, gzipped or not, begins as a JSON array in UTF-8."""
    try:
        with _opened(path) as stream:
            head = stream.read(PIECE).removeprefix(_MARK)
    except (OSError, EOFError, zlib.error):
        return False
    return head.lstrip()[:1] == b"[" and b"\0" not in head[:4]


def elements(path: Path) -> Iterator[tuple[int, bytes]]:
    """The elements of an array as (line on which it begins, JSON text), in order.

    Raises:
        BadRecord: The array breaks off or goes wrong between two elements, or an element is over the cap.
    """
    try:
        with _opened(path) as stream:
            yield from _Array(stream, path).elements()
    except (OSError, EOFError, zlib.error):
        raise BadRecord(
            "is broken or cut short", where=str(path), repair="copy it again from where it came"
        ) from None


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


class _Array:
    """A window on the file that moves from element to element."""

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        self._stream, self._path = stream, path
        self._data, self._at, self._line = stream.read(PIECE).removeprefix(_MARK), 0, 1

    def elements(self) -> Iterator[tuple[int, bytes]]:
        """Every element; the window stands on the opening bracket."""
        self._next()
        self._move(1)
        while (follows := self._next()) != b"]":
            end = self._end() if follows in b'{["' else self._plain_end()
            line = self._line
            yield line, self._data[self._at : end]
            self._move(end - self._at)
            if (follows := self._next()) == b",":
                self._move(1)
                if self._next() == b"]":
                    raise self._broken()
            elif follows != b"]":
                raise self._broken()
        self._move(1)
        if self._next(may_end=True):
            raise self._broken("goes on behind its array")

    def _next(self, *, may_end: bool = False) -> bytes:
        """Moves over blanks to the next byte, which is returned."""
        while True:
            match = _SPACE.match(self._data, self._at)
            self._move((match.end() if match else self._at) - self._at)
            if self._at < len(self._data):
                return self._data[self._at : self._at + 1]
            if not self._more():
                if may_end:
                    return b""
                raise self._broken()

    def _end(self) -> int:
        """Where the element ends that begins here: an object, an array or a text."""
        depth = seen = 0
        while True:
            for token in _TOKEN.finditer(self._data, self._at + seen):
                found = token[0]
                if found == b'"':
                    seen = token.start() - self._at
                    break
                if found in (b"{", b"["):
                    depth += 1
                elif found in (b"}", b"]"):
                    depth -= 1
                if not depth:
                    return token.end()
            else:
                seen = len(self._data) - self._at
            self._grow()

    def _plain_end(self) -> int:
        while True:
            match = _PLAIN.match(self._data, self._at)
            end = match.end() if match else self._at
            if end < len(self._data):
                return end
            self._grow()

    def _grow(self) -> None:
        if len(self._data) - self._at > LINE_CAP:
            raise BadRecord(
                "the record is longer than 16 MB",
                where=f"{self._path}:{self._line}",
                repair="pictures belong into files beside it, not into the JSON",
            )
        if not self._more():
            raise self._broken()

    def _more(self) -> bool:
        piece = self._stream.read(PIECE)
        self._data, self._at = self._data[self._at :] + piece, 0
        return bool(piece)

    def _move(self, by: int) -> None:
        self._line += self._data.count(b"\n", self._at, self._at + by)
        self._at += by

    def _broken(self, what: str = "is broken or cut short") -> BadRecord:
        return BadRecord(
            what, where=f"{self._path}:{self._line}", repair="copy it again from where it came"
        )
