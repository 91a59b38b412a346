"""The pieces of which PNG, JPEG and WebP files are made, read without decoding a pixel.

Whether a piece may stay is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from medgpt_cli.core.errors import BadImage

_BROKEN = "is damaged or cut short"
_REPAIR = "copy it again from where it came"
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
SCAN = 0xDA
"""JPEG's start of scan: what follows are pixels up to the next marker."""


def png_chunks(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """(type, data) of each chunk up to IEND."""
    if stream.read(8) != PNG_MAGIC:
        raise BadImage(_BROKEN, repair=_REPAIR)
    while True:
        head = stream.read(8)
        if len(head) < 8:
            raise BadImage(_BROKEN, repair=_REPAIR)
        data = stream.read(int.from_bytes(head[:4], "big"))
        stream.read(4)
        yield head[4:], data
        if head[4:] == b"IEND":
            return


def jpeg_segments(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(marker, data) of each segment; the pixels of a scan follow as (0, data).

    What stands behind the end of the picture (previews, depth maps, films of phones) is not read.
    """
    if stream.read(2) != b"\xff\xd8":
        raise BadImage(_BROKEN, repair=_REPAIR)
    data = stream.read()
    place = 0
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            raise BadImage(_BROKEN, repair=_REPAIR)
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == 0xD9:
            return
        size = int.from_bytes(data[place + 2 : place + 4], "big")
        yield marker, data[place + 4 : place + 2 + size]
        place += 2 + size
        if marker == SCAN:
            end = _end_of_scan(data, place)
            yield 0, data[place:end]
            place = end


def _end_of_scan(data: bytes, place: int) -> int:
    """Where the next marker stands that is neither a stuffed byte nor a restart."""
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 1 >= len(data):
            return len(data)
        following = data[place + 1]
        if following and not 0xD0 <= following <= 0xD7 and following != 0xFF:
            return place
        place += 1 if following == 0xFF else 2


def webp_chunks(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """(name, data) of each chunk of a RIFF file."""
    head = stream.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WEBP":
        raise BadImage(_BROKEN, repair=_REPAIR)
    while len(piece := stream.read(8)) == 8:
        size = int.from_bytes(piece[4:], "little")
        yield piece[:4], stream.read(size)
        stream.read(size % 2)
