"""What a DICOM file says about its pixels, read before any of them.

Tags are read by an allow-list, so that a patient's name never enters the process.  A deflated file is inflated under
a limit, because pydicom inflates without one.  This module decodes no pixel.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from pydicom import Dataset, dcmread
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_dataset, read_preamble
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.flags import Flag
from medgpt_cli.data.images.limits import MAX_FRAME_BYTES, refuse_size

DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    BytesLengthException,
    InvalidDicomError,
    struct.error,
    zlib.error,
)
"""What pydicom raises on damaged files, which has no common class; some of it says header values.  Not among it is what
only a fault of ours raises."""
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
"""The SOP class and its multi-frame kin."""
INFLATE_CAP = 256 * 2**20
"""Bytes a deflated data set may inflate to."""

_PLAIN = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
"""Syntaxes whose pixels are written as they are."""
_PIXELS = {
    b"\xe0\x7f\x10\x00": "PixelData",
    b"\xe0\x7f\x08\x00": "FloatPixelData",
    b"\xe0\x7f\x09\x00": "DoubleFloatPixelData",
}
_PIXELS |= {bytes((tag[1], tag[0], tag[3], tag[2])): name for tag, name in _PIXELS.items()}
"""The elements that hold pixels, as their tags are written in both byte orders."""
_EXECUTABLES = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", *(
    magic[::order] for magic in (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf") for order in (1, -1)
))  # fmt: skip
"""How programs for Windows, Linux and macOS begin; the 128 bytes before a DICOM file can make it one as well."""

TAGS = [
    "SOPClassUID", "Modality", "PresentationIntentType", "BurnedInAnnotation",
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration",
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
        keyword: Which pixel element it is.
        vr: Its value representation, or an empty string where it is not written.
        frames: How many there are.
        flags: What is odd about the file.
    """

    stream: BinaryIO
    tags: Dataset
    syntax: UID
    value: int
    keyword: str
    vr: str
    frames: int
    flags: tuple[Flag, ...]


def read_header(stream: BinaryIO) -> Header:
    """Reads a DICOM file up to its pixels.

    Raises:
        BadImage: Not an image, an impossible or forbidden size, a deflated file that inflates without end.
    """
    stream.seek(0)
    executable = stream.read(8).startswith(_EXECUTABLES)
    stream, syntax = inflated(stream)
    stream.seek(0)
    tags = dcmread(stream, force=True, stop_before_pixels=True, specific_tags=TAGS)
    start = stream.tell()
    keyword = _PIXELS.get(stream.read(4))
    if keyword is None:
        raise BadImage(f"is DICOM without an image{_object_name(tags)}", repair="leave it out")
    written = stream.read(2)
    vr = written.decode() if written.isalpha() else ""
    frames = _shape(tags)
    flags = tuple(_flags(tags, executable=executable, guessed=syntax is None))
    return Header(
        stream, tags, syntax or _guessed(tags), start + (12 if vr else 8), keyword, vr, frames, flags
    )


@contextmanager
def damage_in_words() -> Iterator[None]:
    """Puts what pydicom raises on a damaged file in words, and keeps what it warns of, which may quote the file.

    Raises:
        BadImage: The file is damaged.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"pydicom\.")
            yield
    except BadImage:
        raise
    except DAMAGE:
        raise BadImage("is a damaged DICOM file", repair="export it again from the archive") from None


def names_compressed_syntax(stream: BinaryIO) -> bool:
    """Whether a DICOM file names a syntax whose pixels a library has to unpack, or cannot be read so far."""
    try:
        syntax = _named_syntax(stream)
        return isinstance(syntax, UID) and syntax not in _PLAIN
    except DAMAGE:  # whoever decodes it says what is wrong
        return True
    finally:
        stream.seek(0)


def _flags(tags: Dataset, *, executable: bool, guessed: bool) -> Iterator[Flag]:
    if executable:
        yield Flag.EXECUTABLE
    if guessed:
        yield Flag.SYNTAX_GUESSED
    if tags.get("PresentationIntentType") == "FOR PROCESSING":
        yield Flag.FOR_PROCESSING
    if str(tags.get("SOPClassUID", "")).startswith(_SECONDARY_CAPTURE):
        yield Flag.SECONDARY_CAPTURE
    if tags.get("BurnedInAnnotation") == "YES":
        yield Flag.BURNED_IN


def inflated(stream: BinaryIO) -> tuple[BinaryIO, UID | None]:
    """The file with its transfer syntax, inflated under a limit if it was deflated.

    Raises:
        BadImage: It inflates to more than `INFLATE_CAP`, or is cut short.
    """
    syntax = _named_syntax(stream)
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


def _named_syntax(stream: BinaryIO) -> UID | None:
    stream.seek(0)
    read_preamble(stream, force=True)
    meta = read_dataset(
        stream,
        is_implicit_VR=False,
        is_little_endian=True,
        stop_when=lambda tag, vr, length: tag.group != 2,
    )
    syntax: UID | None = meta.get("TransferSyntaxUID")
    return syntax


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
        raise BadImage(
            f"is over {MAX_FRAME_BYTES // 2**20} MB a frame", repair="export it with fewer bits a pixel"
        )
    value = tags.get("NumberOfFrames")
    frames = 1 if value is None else int(value)
    if frames < 1:
        raise BadImage(
            "has no usable NumberOfFrames in its DICOM header", repair="export it again from the archive"
        )
    return frames
