"""The texts that an image file carries beside its pixels: EXIF, XMP, comments, TIFF tags, NIfTI fields.

Nothing is decoded and nothing judged.  This module knows nothing of identifiers.
"""

from __future__ import annotations

import gzip
import re
import warnings
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from PIL import ExifTags, Image, TiffTags

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.formats import nifti_version
from medgpt_cli.data.privacy.segments import jpeg_segments, png_chunks, webp_chunks

CAP = 1 << 20
"""Bytes of one piece of metadata that are read."""
_WORDS = re.compile(r"[^\x00-\x08\x0e-\x1f\x7f-\x9f]{4,}")
_TAGS_OF_PIXELS = frozenset(
    (*range(254, 270), *range(273, 285), *range(287, 297), 317, 318, 319, 320, 321, 322, 323, 324, 325, 330, 338,
     339, 340, 341, 347, 512, 513, 514, 515, 519, 520, 521, 529, 530, 531, 532, 34675)
)  # fmt: skip
"""TIFF tags that say how pixels are stored."""


def metadata(stream: BinaryIO, kind: str) -> Iterator[tuple[str, str]]:
    """(where, text) for each text beside the pixels.

    Args:
        stream: The file.
        kind: As `format_of` calls it.

    Raises:
        BadImage: The file is broken.
    """
    read = {"PNG": _png, "JPEG": _jpeg, "TIFF": _tiff, "WEBP": _webp, "NIFTI": _nifti}.get(
        kind, _comment
    )
    try:
        yield from read(stream)
    except (BadImage, MemoryError):
        raise
    except Exception:  # Pillow, zlib and gzip have no common class, and their words may quote the file
        raise BadImage("is damaged or cut short", repair="copy it again from where it came") from None


def _png(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    for name, data in png_chunks(stream):
        if name == b"tEXt":
            word, _, text = data[:CAP].partition(b"\0")
            yield f"PNG {_plain(word)}", text.decode("latin-1")
        elif name == b"zTXt":
            word, _, packed = data.partition(b"\0")
            yield f"PNG {_plain(word)}", _inflated(packed[1:]).decode("latin-1")
        elif name == b"iTXt":
            word, _, rest = data.partition(b"\0")
            body = rest[2:].split(b"\0", 2)[-1]
            data = _inflated(body) if rest[:1] == b"\x01" else body[:CAP]
            where = "XMP" if word.startswith(b"XML:com.adobe") else f"PNG {_plain(word)}"
            yield where, data.decode("utf-8", "replace")
        elif name == b"eXIf":
            yield from _exif(data)
        elif name == b"tIME":
            yield "PNG Creation Time", data.hex()


def _jpeg(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    for marker, data in jpeg_segments(stream):
        if marker == 0xE1 and data.startswith(b"Exif\0"):
            yield from _exif(data[6:])
        elif marker == 0xE1:
            yield "XMP", data[:CAP].partition(b"\0")[2].decode("utf-8", "replace")
        elif marker == 0xFE:
            yield "JPEG comment", _plain(data)
        elif marker == 0xED:
            yield "IPTC", _plain(data)


def _webp(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    for name, data in webp_chunks(stream):
        if name == b"EXIF":
            yield from _exif(data.removeprefix(b"Exif\0\0"))
        elif name == b"XMP ":
            yield "XMP", data[:CAP].decode("utf-8", "replace")


def _tiff(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(stream, formats=("TIFF",)) as image:
            for page in range(min(getattr(image, "n_frames", 1), 64)):
                image.seek(page)
                for tag, value in image.tag_v2.items():  # type: ignore[attr-defined]
                    if tag in _TAGS_OF_PIXELS:
                        continue
                    text = _text(value)
                    if tag == 270 and re.search(r"(?im)^(label|macro)\b", text):
                        yield "label image", "present"
                    if text:
                        yield f"TIFF {TiffTags.lookup(tag).name}", text
                yield from _gps(image.getexif())


def _comment(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    with Image.open(stream, formats=("GIF", "BMP")) as image:
        if text := _text(image.info.get("comment")):
            yield "GIF comment", text


def _exif(data: bytes) -> Iterator[tuple[str, str]]:
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + data)
    for ifd in (exif, exif.get_ifd(ExifTags.IFD.Exif)):
        for tag, value in ifd.items():
            text = _text(value)
            if text and tag not in (ExifTags.IFD.GPSInfo, ExifTags.IFD.Exif, 274):
                yield f"EXIF {ExifTags.TAGS.get(tag, hex(tag))}", text
    yield from _gps(exif)


def _gps(exif: Image.Exif) -> Iterator[tuple[str, str]]:
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    if any(tag in gps for tag in (2, 4)):  # latitude, longitude
        yield "EXIF GPSInfo", "present"


def _nifti(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    data = gzip.GzipFile(fileobj=stream).read(CAP) if packed else stream.read(CAP)
    version = nifti_version(data)
    for name, begin, end in NIFTI_TEXTS[version]:
        if text := _plain(data[begin:end]):
            yield f"NIfTI {name}", text
    size = NIFTI_HEADER[version]
    if data[size : size + 1] not in (b"", b"\0"):
        yield "NIfTI extension", _plain(data[size + 12 :][:CAP])


NIFTI_HEADER = {1: 348, 2: 540}
"""Bytes of a NIfTI header, by version; four more say whether there are extensions."""
NIFTI_TEXTS = {
    1: (
        ("data_type", 4, 14),
        ("db_name", 14, 32),
        ("descrip", 148, 228),
        ("aux_file", 228, 252),
        ("intent_name", 328, 344),
    ),
    2: (("descrip", 240, 320), ("aux_file", 320, 344), ("intent_name", 508, 524)),
}
"""Fields of a NIfTI header that hold text, by version, with their first byte and the one after the last."""


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, CAP)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return _plain(value)
    if isinstance(value, tuple):
        return " ".join(_text(each) for each in value[:64] if isinstance(each, str | bytes)).strip()
    return value.replace("\0", " ").strip() if isinstance(value, str) else ""


def _plain(data: bytes) -> str:
    """What can be read in bytes that may hold text."""
    return " ".join(_WORDS.findall(data[:CAP].replace(b"\0", b"\x01").decode("latin-1"))).strip()
