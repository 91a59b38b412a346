"""What a compressed frame says of its own size, so that it is not decoded when the header says otherwise.

A frame of a few kilobytes may claim, or simply run on to, gigabytes.  JPEG, JPEG-LS and JPEG 2000 carry their size
in a marker; RLE carries none, and is unpacked into a frame of fixed size.  This module decodes no pixel.
"""

from __future__ import annotations

import struct

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
