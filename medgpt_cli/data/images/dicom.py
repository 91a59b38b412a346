"""One frame of a DICOM file as 8-bit pixels, the way a viewer would show it.

Decoding is pydicom's and imagecodecs'.  What is added is the order in which a header may be believed: is it an image,
does its size fit, can its transfer syntax be decoded here, which frame, is the frame as large as promised, and only
then pixels.  Nothing here knows of records or paths.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.multival import MultiValue
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import UID, RLELossless

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.codestream import refuse_other_size
from medgpt_cli.data.images.dicom_colour import palette_of, rgb_of
from medgpt_cli.data.images.dicom_decoders import plugin_of
from medgpt_cli.data.images.dicom_grey import grey_of, of_frame, window_of
from medgpt_cli.data.images.dicom_header import Header, damage_in_words, read_header
from medgpt_cli.data.images.flags import Flag
from medgpt_cli.data.images.limits import pick_frame

_AGAIN = "export it again from the archive"
_PLAIN = "export it again from the archive as Explicit VR Little Endian"

logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)  # its warnings quote header values


def read_frame(
    stream: BinaryIO, frame: int | None, window: tuple[float, float] | None = None
) -> tuple[np.ndarray, tuple[Flag, ...]]:
    """Decodes one frame.

    Args:
        stream: The file.
        frame: The N of `#frame=N`, or None.
        window: (centre, width) to show instead of what the file asks for; grey frames only.

    Returns:
        (rows, columns) or (rows, columns, 3), uint8; and what is odd about the file.

    Raises:
        BadImage: Not an image, several frames and none named, cannot be decoded, damaged.
    """
    with damage_in_words():
        header, wanted = _allowed(stream, frame)
        tags = header.tags
        if header.syntax.is_encapsulated:
            _refuse_bombs(header, wanted)
        stored, space = _decoded(header, wanted)
        if stored.ndim == 2 and space != "PALETTE COLOR":
            shown = grey_of(stored, tags, wanted, window)
            return shown, (*header.flags, *_window_flags(tags, wanted, window))
        if window:
            raise BadImage("has colours, and a window is for grey", repair="leave window= out")
        shown = rgb_of(stored, tags, space) if stored.ndim == 3 else palette_of(stored, tags)
        return shown, header.flags


def check_header(stream: BinaryIO, frame: int | None) -> None:
    """Everything `read_frame` refuses before it decodes, and whether plain pixels are all there.

    Raises:
        BadImage: As `read_frame`.
    """
    with damage_in_words():
        header, _ = _allowed(stream, frame)
        if not header.syntax.is_encapsulated and _plain_bytes(header) > _left(header):
            raise BadImage("is a DICOM file cut short", repair=_AGAIN)


def frame_size(stream: BinaryIO, frame: int | None) -> tuple[int, int]:
    """Width and height of the frame that `read_frame` would read.

    Raises:
        BadImage: As `read_frame`, as far as the header tells.
    """
    with damage_in_words():
        header, _ = _allowed(stream, frame)
        return int(header.tags.Columns), int(header.tags.Rows)


def _allowed(stream: BinaryIO, frame: int | None) -> tuple[Header, int]:
    header = read_header(stream)
    wanted = pick_frame(header.frames, frame)
    syntax = header.syntax
    if not plugin_of(syntax) and (
        syntax.is_private or not syntax.is_transfer_syntax or syntax.is_encapsulated
    ):
        raise _undecoded(syntax)
    return header, wanted


def _decoded(header: Header, wanted: int) -> tuple[np.ndarray, str]:
    """Stored values of one frame, and the photometric interpretation they have after decoding."""
    options: dict[str, Any] = as_pixel_options(
        header.tags, pixel_keyword=header.keyword, transfer_syntax_uid=header.syntax
    )
    options["view_only"] = not header.syntax.is_encapsulated  # no copy where none is needed
    if header.vr:
        options["pixel_vr"] = header.vr
    header.stream.seek(header.value)
    try:
        stored, properties = get_decoder(header.syntax).as_array(
            header.stream,
            index=wanted,
            raw=True,  # colour is converted in strips
            decoding_plugin=plugin_of(header.syntax),
            **options,
        )
    except RuntimeError:  # the decoder gave up
        raise BadImage(
            f"holds {header.syntax.name} that does not unpack to what its header says", repair=_AGAIN
        ) from None
    return stored, str(properties["photometric_interpretation"])


def _window_flags(tags: Dataset, frame: int, window: tuple[float, float] | None) -> Iterator[Flag]:
    flat = of_frame(tags, frame)
    if window or flat.get("VOILUTSequence"):
        return
    if not window_of(flat):
        yield Flag.NO_WINDOW
    elif isinstance(flat.WindowWidth, MultiValue) and len(flat.WindowWidth) > 1:
        yield Flag.FIRST_WINDOW


def _undecoded(syntax: UID) -> BadImage:
    name = (
        syntax.name if not syntax.is_private and syntax.name != syntax else "a private transfer syntax"
    )
    if any(video in name for video in ("MPEG", "HEVC", "SMPTE")):
        return BadImage(f"is a video ({name})", repair="export the frame you need as PNG")
    return BadImage(f"cannot be decoded here: {name}", repair=_PLAIN)


def _refuse_bombs(header: Header, wanted: int) -> None:
    """Refuses a frame whose own marker names another size; RLE has none and is unpacked into a frame of fixed size."""
    if header.syntax == RLELossless:
        return
    tags = header.tags
    header.stream.seek(header.value)
    offsets = tags.get("ExtendedOffsetTable"), tags.get("ExtendedOffsetTableLengths")
    frame = get_frame(
        header.stream,
        wanted,
        number_of_frames=header.frames,
        extended_offsets=offsets if all(offsets) else None,
    )
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
