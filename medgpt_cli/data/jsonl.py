"""Lines of a data file: JSONL, a JSON array, either of them gzipped.

A byte order mark, CRLF and blank lines are fine.  A file in another encoding, a line over 16 MB and a broken gzip
stream end the reading at once, since nothing after them can be trusted.  This module knows bytes and line numbers;
what a line means is `strict_json`'s and the forms' business.
"""

from __future__ import annotations

import gzip
import os
import re
import shlex
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from medgpt_cli.core.errors import BadRecord, NotThere
from medgpt_cli.core.types import Element
from medgpt_cli.data.json_faults import FILE, iconv, why_not_json

LINE_CAP = 16 * 2**20
"""Bytes a line may have."""
STDIN = Path("-")
"""Stands for standard input."""
ARRAY_CAP = 2 * 2**30
"""Bytes a JSON array may have: unlike JSONL it is read as a whole."""

_BOM = b"\xef\xbb\xbf"
_GAP = re.compile(rb"[\s,]*")
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The records of a file as (line number from 1, JSON text), in order, blank lines left out.

    The number is an `Element` where a line of an array holds several records.

    Raises:
        NotThere: There is no such file.
        BadRecord: The file as a whole cannot be read: its encoding, its compression, a line over the cap.
    """
    with open_regular(path) as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        try:
            head = stream.read(4)
            refuse_wide_encodings(head, path)
            stream.seek(len(_BOM) if head.startswith(_BOM) else 0)
            yield from _records(stream, path)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise BadRecord(
                "the gzip stream is broken or cut short",
                where=str(path),
                repair="copy or compress the file again",
            ) from None
        except OSError as error:
            raise BadRecord(
                f"cannot be read: {os.strerror(error.errno or 0)}", where=str(path)
            ) from None


def open_regular(path: Path) -> BinaryIO:
    """A regular file, opened without waiting for anyone to write into it; of `-`, a copy of standard input.

    The copy has no name, so nobody else can open it and nothing of it is left, however the process ends.

    Raises:
        NotThere: There is no such file.
        BadRecord: It cannot be opened, or is no regular file.
    """
    if path == STDIN:
        copy = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.seek(0)
        return cast(BinaryIO, copy)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise NotThere("there is no such file", where=str(path)) from None
    except OSError as error:
        raise BadRecord(f"cannot be opened: {os.strerror(error.errno or 0)}", where=str(path)) from None
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb", buffering=2**20)
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise BadRecord("is a folder", where=str(path), repair="name the JSONL file in it")
    raise BadRecord("is not a regular file", where=str(path), repair="save the records to a file first")


def refuse_wide_encodings(head: bytes, path: Path) -> None:
    """Refuses a file whose first four bytes say UTF-16.

    Raises:
        BadRecord: They do; with the command that mends it.
    """
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        wide = "UTF-16"
    elif len(head) == 4 and head[0] and not head[1]:
        wide = "UTF-16LE"
    elif len(head) == 4 and not head[0] and head[1]:
        wide = "UTF-16BE"
    else:
        return
    raise BadRecord(f"the file is {wide}, not UTF-8", where=str(path), repair=named(iconv(wide), path))


def named(repair: str, path: Path) -> str:
    """The repair with the file's path where it belongs, quoted for a shell."""
    return repair.replace(FILE, shlex.quote(str(path)))


def _records(stream: BinaryIO, path: Path) -> Iterator[tuple[int, bytes]]:
    number, first = 0, True
    while line := stream.readline(LINE_CAP + 1):
        number += 1
        if line.isspace():
            continue
        if first and line.lstrip()[:1] == b"[":
            yield from _elements(line + stream.read(max(0, ARRAY_CAP - len(line) + 1)), number, path)
            return
        if len(line) > LINE_CAP:
            raise _too_long(path, number)
        first = False
        yield number, line


def _too_long(path: Path, number: int) -> BadRecord:
    return BadRecord(
        "the record is longer than 16 MB",
        where=f"{path}:{number}",
        repair="pictures belong into files beside it, not into the JSON",
    )


def _elements(data: bytes, number: int, path: Path) -> Iterator[tuple[int, bytes]]:
    """The elements of a JSON array, each with the line on which it begins."""
    if len(data) > ARRAY_CAP:
        raise BadRecord(
            "a JSON array over 2 GB",
            where=str(path),
            repair=named(f"write it as JSONL: jq -c '.[]' {FILE} > lines.jsonl", path),
        )
    try:
        elements = _ELEMENTS.decode(data)
    except (ValueError, RecursionError) as error:
        line, what, repair = why_not_json(data, error)
        raise BadRecord(what, where=f"{path}:{number + line}", repair=named(repair, path)) from None
    position = shared = 0
    for index, element in enumerate(elements):
        raw = bytes(element)
        start = data.index(raw, position)
        number += data.count(b"\n", position, start)
        position = start + len(raw)
        following = _GAP.match(data, position)
        if b"\n" not in raw and index + 1 < len(elements) and following and b"\n" not in following[0]:
            shared = number
        if len(raw) > LINE_CAP:
            raise _too_long(path, Element(number, index) if number == shared else number)
        yield Element(number, index) if number == shared else number, raw
        number += raw.count(b"\n")
