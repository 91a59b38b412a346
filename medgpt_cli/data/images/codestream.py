"""What a compressed frame says of its own size, so that it is not decoded when the header says otherwise.

A frame of a few kilobytes may claim, or simply run on to, gigabytes.  JPEG, JPEG-LS and JPEG 2000 carry their size
in a marker; RLE carries none, so its runs are added up.  This module decodes no pixel.
"""

from __future__ import annotations

import struct
from itertools import pairwise

from medgpt_cli.core.errors import BadImage

_FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""Start of frame: JPEG's own, and 0xF7 of JPEG-LS."""
_REPAIR = "export it again from the archive"


def jpeg_size(frame: bytes) -> tuple[int, int] | None:
    """(width, height) of a JPEG, JPEG-LS or JPEG 2000 codestream; None where no marker says it."""
    if b"\xff\x4f\xff\x51" in frame[:1024]:
        start = frame.index(b"\xff\x4f\xff\x51") + 8
        if len(frame) < start + 16:
            return None
        right, bottom, left, top = struct.unpack_from(">4I", frame, start)
        return right - left, bottom - top
    position = 2
    while position + 9 <= len(frame) and frame[position] == 0xFF:
        marker = frame[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker in _FRAME_MARKERS:
            height, width = struct.unpack_from(">2H", frame, position + 5)
            return width, height
        position += 2 + int(struct.unpack_from(">H", frame, position + 2)[0])
    return None


def refuse_other_size(frame: bytes, columns: int, rows: int) -> None:
    """Refuses a JPEG of any kind whose own size is not the header's.

    Raises:
        BadImage: It is another size.
    """
    size = jpeg_size(frame)
    if size is not None and size != (columns, rows):
        raise BadImage(
            f"holds a picture of {size[0]} x {size[1]} pixels, and its header says {columns} x {rows}",
            repair=_REPAIR,
        )


def refuse_rle_overrun(frame: bytes, segment: int) -> None:
    """Refuses a frame of RLE whose segments unpack to more than they should.

    Args:
        frame: With its header of 64 bytes.
        segment: Bytes each segment should unpack to: rows x columns.

    Raises:
        BadImage: A segment runs on, or the header points outside the frame.
    """
    if len(frame) < 64:
        raise BadImage("holds a broken RLE frame", repair=_REPAIR)
    count, *offsets = struct.unpack_from("<16I", frame)
    bounds = [*offsets[: min(count, 15)], len(frame)]
    for start, end in pairwise(bounds):
        if not 64 <= start <= end <= len(frame):
            raise BadImage("holds a broken RLE frame", repair=_REPAIR)
        if _unpacked(frame, start, end, segment + 1) > segment + 1:  # one byte of padding is common
            raise BadImage("holds RLE data that unpacks to more than its header says", repair=_REPAIR)


def _unpacked(frame: bytes, start: int, end: int, limit: int) -> int:
    """Bytes the runs between two positions unpack to, counted no further than the limit."""
    total = 0
    while start < end and total <= limit:
        run = frame[start]
        if run < 128:
            total += run + 1
            start += run + 2
        else:
            total += 257 - run if run > 128 else 0
            start += 2 if run > 128 else 1
    return total
