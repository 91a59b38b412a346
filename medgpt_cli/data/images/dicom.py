"""One frame of a DICOM file as 8-bit pixels, the way a viewer would show it.

Decoding is pydicom's.  What is added is the order in which a header may be believed: is it an image, does its size
fit, can its transfer syntax be decoded here, which frame, is the frame as large as promised, and only then pixels.
Nothing here knows of records or paths.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
from pydicom import dcmread
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    HTJ2K,
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.codestream import refuse_other_size, refuse_rle_overrun
from medgpt_cli.data.images.dicom_colour import palette_of, rgb_of
from medgpt_cli.data.images.dicom_grey import grey_of
from medgpt_cli.data.images.dicom_header import TAGS, Header, read_header
from medgpt_cli.data.images.limits import pick_frame

_DECODERS = {
    JPEGLSLossless: "pip install pyjpegls",
    JPEGLSNearLossless: "pip install pyjpegls",
    HTJ2K: "pip install pylibjpeg pylibjpeg-openjpeg",
    HTJ2KLossless: "pip install pylibjpeg pylibjpeg-openjpeg",
    HTJ2KLosslessRPCL: "pip install pylibjpeg pylibjpeg-openjpeg",
    JPEGExtended12Bit: "pip install pylibjpeg pylibjpeg-libjpeg (GPL-3)",
    JPEGLossless: "pip install pylibjpeg pylibjpeg-libjpeg (GPL-3)",
    JPEGLosslessSV1: "pip install pylibjpeg pylibjpeg-libjpeg (GPL-3)",
}
"""What decodes a syntax that the installed packages do not."""

logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)  # its warnings quote header values


def read_frame(stream: BinaryIO, frame: int | None) -> np.ndarray:
    """Decodes one frame.

    Args:
        stream: The file.
        frame: The N of `#frame=N`, or None.

    Returns:
        (rows, columns) or (rows, columns, 3), uint8.

    Raises:
        BadImage: Not an image, several frames and none named, cannot be decoded, damaged.
    """
    with _damage():
        header = read_header(stream)
        wanted = pick_frame(header.frames, frame)
        _refuse_undecodable(header.syntax)
        if header.syntax.is_encapsulated:
            _refuse_bombs(header, wanted)
        try:
            stored = _decoded(header, wanted)
        except RuntimeError:  # every decoder for this syntax gave up
            raise _undecoded(header.syntax) from None
        if stored.ndim == 3:
            return rgb_of(stored, header.tags)
        if header.tags.get("PhotometricInterpretation") == "PALETTE COLOR":
            return palette_of(stored, header.tags)
        return grey_of(stored, header.tags, wanted)


def _decoded(header: Header, wanted: int) -> np.ndarray:
    """Stored values of one frame; only that frame is read, unless the file is written against its own syntax."""
    if header.as_said:
        return pixel_array(header.stream, index=wanted, transfer_syntax_uid=header.syntax)
    header.stream.seek(0)
    return pixel_array(
        dcmread(header.stream, force=True, specific_tags=[*TAGS, "PixelData"]), index=wanted
    )


def check_header(stream: BinaryIO, frame: int | None) -> None:
    """Everything `read_frame` refuses before it decodes, and whether plain pixels are all there.

    Raises:
        BadImage: As `read_frame`.
    """
    with _damage():
        header = read_header(stream)
        pick_frame(header.frames, frame)
        _refuse_undecodable(header.syntax)
        if not header.syntax.is_encapsulated and _plain_bytes(header) > _left(header):
            raise BadImage("is a DICOM file cut short", repair="export it again from the archive")


@contextmanager
def _damage() -> Iterator[None]:
    """Whatever pydicom raises on a damaged file, in words."""
    try:
        yield
    except (BadImage, MemoryError):
        raise
    except Exception:
        # pydicom raises struct.error, AttributeError, KeyError, ValueError, RecursionError and more, some of them with
        # header values in the text: none of it is repeated.
        raise BadImage("is a damaged DICOM file", repair="export it again from the archive") from None


def _refuse_undecodable(syntax: UID) -> None:
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError:
        available = False
    if not available:
        raise _undecoded(syntax)


def _undecoded(syntax: UID) -> BadImage:
    name = (
        syntax.name if not syntax.is_private and syntax.name != syntax else "a private transfer syntax"
    )
    if name.startswith(("MPEG", "HEVC", "SMPTE")):
        return BadImage(f"is a video ({name})", repair="export the frame you need as PNG")
    return BadImage(
        f"cannot be decoded here: {name}",
        repair=_DECODERS.get(syntax, "export it again from the archive as Explicit VR Little Endian"),
    )


def _refuse_bombs(header: Header, wanted: int) -> None:
    tags = header.tags
    header.stream.seek(header.value)
    offsets = tags.get("ExtendedOffsetTable"), tags.get("ExtendedOffsetTableLengths")
    frame = get_frame(
        header.stream,
        wanted,
        number_of_frames=header.frames,
        extended_offsets=offsets if all(offsets) else None,
    )
    if header.syntax == RLELossless:
        refuse_rle_overrun(frame, tags.Rows * tags.Columns)
    else:
        refuse_other_size(frame, tags.Columns, tags.Rows)


def _plain_bytes(header: Header) -> int:
    tags = header.tags
    samples = tags.SamplesPerPixel
    if tags.get("PhotometricInterpretation") == "YBR_FULL_422":
        samples = 2
    return int(tags.Rows * tags.Columns * samples * tags.BitsAllocated * header.frames) // 8


def _left(header: Header) -> int:
    end = header.stream.seek(0, 2)
    return end - header.value
