"""What a DICOM file says about its pixels, read before any of them.

Tags are read by an allow-list, so that a patient's name never enters the process.  A deflated file is inflated under
a limit, because pydicom inflates without one.  This module decodes no pixel.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from pydicom import Dataset, dcmread
from pydicom.filereader import read_dataset, read_preamble
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.limits import MAX_FRAME_BYTES, refuse_size

INFLATE_CAP = 256 * 2**20
"""Bytes a deflated data set may inflate to."""

_PIXELS = {b"\xe0\x7f\x10\x00", b"\xe0\x7f\x08\x00", b"\xe0\x7f\x09\x00"}
_PIXELS |= {bytes((tag[1], tag[0], tag[3], tag[2])) for tag in _PIXELS}
"""Pixel Data, Float Pixel Data and Double Float Pixel Data, in both byte orders."""

TAGS = [
    "SOPClassUID", "Modality", "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration",
    "NumberOfFrames", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
    "PixelPaddingValue", "PixelPaddingRangeLimit", "PresentationLUTShape",
    "RescaleSlope", "RescaleIntercept", "ModalityLUTSequence",
    "WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence",
    "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    "RedPaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableDescriptor", "BluePaletteColorLookupTableData",
    "SegmentedRedPaletteColorLookupTableData", "SegmentedGreenPaletteColorLookupTableData",
    "SegmentedBluePaletteColorLookupTableData", "ExtendedOffsetTable", "ExtendedOffsetTableLengths",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """A DICOM file that holds an image of an allowed size.

    Attributes:
        stream: The file, or its inflated copy; positioned anywhere.
        tags: The allow-listed tags.
        syntax: How the pixels are encoded.
        value: Where the value of the pixel element begins in `stream`.
        frames: How many there are.
        as_said: Whether the tags are written as the transfer syntax says; some files mix implicit and explicit.
    """

    stream: BinaryIO
    tags: Dataset
    syntax: UID
    value: int
    frames: int
    as_said: bool


def read_header(stream: BinaryIO) -> Header:
    """Reads a DICOM file up to its pixels.

    Raises:
        BadImage: Not an image, an impossible or forbidden size, a deflated file that inflates without end.
    """
    stream, syntax = _plain(stream)
    stream.seek(0)
    tags = dcmread(stream, force=True, stop_before_pixels=True, specific_tags=TAGS)
    start = stream.tell()
    if stream.read(4) not in _PIXELS:
        raise BadImage(f"is DICOM without an image{_object_name(tags)}", repair="leave it out")
    explicit = stream.read(2).isalpha()
    frames = _shape(tags)
    syntax = syntax or _guessed(tags)
    as_said = not syntax.is_transfer_syntax or explicit is not syntax.is_implicit_VR
    return Header(stream, tags, syntax, start + (12 if explicit else 8), frames, as_said)


def _plain(stream: BinaryIO) -> tuple[BinaryIO, UID | None]:
    """The file with its transfer syntax, inflated if it was deflated."""
    stream.seek(0)
    read_preamble(stream, force=True)
    meta = read_dataset(
        stream,
        is_implicit_VR=False,
        is_little_endian=True,
        stop_when=lambda tag, vr, length: tag.group != 2,
    )
    syntax: UID | None = meta.get("TransferSyntaxUID")
    if syntax != DeflatedExplicitVRLittleEndian:
        return stream, syntax
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    data = inflater.decompress(stream.read(INFLATE_CAP), INFLATE_CAP)
    if not inflater.eof:
        what = (
            "inflates to more than 256 MB"
            if inflater.unconsumed_tail
            else "is a deflated file cut short"
        )
        raise BadImage(what, repair="export it again from the archive, not deflated")
    return io.BytesIO(bytes(128) + b"DICM" + data), ExplicitVRLittleEndian


def _guessed(tags: Dataset) -> UID:
    """The transfer syntax of a file that does not name one: pydicom saw how its header is written."""
    implicit, little = tags.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _object_name(tags: Dataset) -> str:
    """What the file is by its SOP class, in the standard's words, behind a colon; nothing where it does not say."""
    uid = tags.get("SOPClassUID") or tags.file_meta.get("MediaStorageSOPClassUID")
    return f": {uid.name}" if isinstance(uid, UID) and uid.name != str(uid) else ""


def _shape(tags: Dataset) -> int:
    """Refuses impossible sizes; returns the number of frames."""
    numbers = []
    for keyword in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated"):
        value = tags.get(keyword)
        if not isinstance(value, int) or value < 1:
            raise BadImage(
                f"has no usable {keyword} in its DICOM header", repair="export it again from the archive"
            )
        numbers.append(value)
    rows, columns, samples, bits = numbers
    refuse_size(columns, rows)
    if samples not in (1, 3) or bits not in (1, 8, 16, 32, 64):
        raise BadImage(
            f"has {samples} samples of {bits} bits a pixel",
            repair="1 or 3 samples of 1, 8, 16, 32 or 64 bits are read",
        )
    if rows * columns * samples * bits // 8 > MAX_FRAME_BYTES:
        raise BadImage("is over 512 MB a frame", repair="export it with fewer bits a pixel")
    value = tags.get("NumberOfFrames")
    frames = 1 if value is None else int(value)
    if frames < 1:
        raise BadImage(
            "has no usable NumberOfFrames in its DICOM header", repair="export it again from the archive"
        )
    return frames
