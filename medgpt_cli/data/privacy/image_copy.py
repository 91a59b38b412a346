"""A picture's file without anything beside its pixels: metadata dropped, the pixels' own bytes untouched.

Only where text was blanked are pixels encoded again.  DICOM headers are `header_profile`'s business.  This module
knows nothing of identifiers.
"""

from __future__ import annotations

import gzip
import io
import shutil
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageOps

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.formats import GZIP, nifti_version
from medgpt_cli.data.images.rasters import raster
from medgpt_cli.data.privacy.burned_in import Box, blank
from medgpt_cli.data.privacy.image_metadata import NIFTI_HEADER, NIFTI_TEXTS
from medgpt_cli.data.privacy.segments import PNG_MAGIC, SCAN, jpeg_segments, png_chunks, webp_chunks

ORIENTATION = 274
_PNG_KEPT = frozenset(
    (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"cICP", b"IDAT", b"IEND", b"acTL", b"fcTL",
     b"fdAT")
)  # fmt: skip
EXTENSIONS = 64 * 2**20
"""Bytes that the extensions of a NIfTI file may take."""
_JFIF = b"JFIF\0\1\2\0\0\1\0\1\0\0"
"""A JFIF header without a thumbnail."""


def copy_image(source: BinaryIO, kind: str, target: Path, boxes: Sequence[Box] = ()) -> None:
    """Writes the picture without its metadata.

    Args:
        source: The file.
        kind: As `format_of` calls it: PNG, JPEG, TIFF, WEBP, GIF, BMP or NIFTI.
        target: Where to write; must not exist.
        boxes: Filled with black in the copy; in pixels of the upright picture, as it is shown.

    Raises:
        BadImage: The file is broken, or a whole slide.
    """
    if boxes or kind in ("TIFF", "GIF", "BMP"):
        _encoded_again(source, kind, target, boxes)
        return
    write: Callable[[BinaryIO, BinaryIO], None] = {
        "PNG": _png,
        "JPEG": strip_jpeg,
        "WEBP": _webp,
        "NIFTI": _nifti,
    }[kind]
    with target.open("xb") as out:
        write(source, out)


def _png(source: BinaryIO, out: BinaryIO) -> None:
    out.write(PNG_MAGIC)
    for name, data in png_chunks(source):
        if name == b"eXIf":
            data = _orientation(data)
        if (data and name == b"eXIf") or name in _PNG_KEPT:
            out.write(len(data).to_bytes(4, "big") + name + data)
            out.write(zlib.crc32(name + data).to_bytes(4, "big"))


def strip_jpeg(source: BinaryIO, out: BinaryIO) -> None:
    """Writes a JPEG stream without comments and application data, but how it is turned and how its colours are meant.

    Raises:
        BadImage: It is broken.
    """
    out.write(b"\xff\xd8")
    for marker, data in jpeg_segments(source):
        if marker == 0:
            out.write(data)
            continue
        if marker == 0xE1 and data.startswith(b"Exif\0"):
            turned = _orientation(data[6:])
            data = b"Exif\0\0" + turned if turned else b""
        elif marker == 0xE0:
            data = _JFIF if data.startswith(b"JFIF\0") else b""
        elif marker != 0xEE and (0xE0 <= marker <= 0xEF or marker == 0xFE):
            data = b""
        if data or marker == SCAN:
            out.write(bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2, "big") + data)
    out.write(b"\xff\xd9")


def _webp(source: BinaryIO, out: BinaryIO) -> None:
    kept = [
        (name, _orientation(data.removeprefix(b"Exif\0\0")) if name == b"EXIF" else data)
        for name, data in webp_chunks(source)
        if name in (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"EXIF")
    ]
    turned = any(name == b"EXIF" and data for name, data in kept)
    body = b"WEBP"
    for name, data in kept:
        if name == b"EXIF" and not data:
            continue
        if name == b"VP8X":  # of its flags, ICC profile and XMP are gone, EXIF may be
            data = bytes((data[0] & (0b00011010 if turned else 0b00010010),)) + data[1:]
        body += name + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)
    out.write(b"RIFF" + len(body).to_bytes(4, "little") + body)


def _nifti(source: BinaryIO, out: BinaryIO) -> None:
    packed = source.read(2) == GZIP
    source.seek(0)
    plain: BinaryIO = gzip.GzipFile(fileobj=source) if packed else source  # type: ignore[assignment]
    header = bytearray(plain.read(352))
    version = nifti_version(bytes(header))
    size = NIFTI_HEADER[version]
    header += plain.read(size + 4 - len(header))
    for _, begin, end in NIFTI_TEXTS[version]:
        header[begin:end] = bytes(end - begin)
    extended = header[size : size + 1] != b"\0"
    header[size : size + 4] = bytes(4)
    if extended:  # their room stays, since the voxels' place in the file is written in the header
        order = "<" if header[0] else ">"
        kind, place = (("f4", 108), ("i8", 168))[version - 1]
        voxels = int(np.frombuffer(bytes(header), order + kind, 1, place)[0])
        room = max(0, min(voxels, EXTENSIONS) - len(header))
        plain.read(room)
        header += bytes(room)
    target = gzip.GzipFile(fileobj=out, mode="wb", mtime=0) if packed else out
    target.write(bytes(header))
    shutil.copyfileobj(plain, target, 1 << 20)
    if packed:
        target.close()


def _orientation(exif: bytes) -> bytes:
    """An EXIF block with nothing but how the picture is turned, or nothing if it is not."""
    before, after = Image.Exif(), Image.Exif()
    try:
        before.load(b"Exif\0\0" + exif)
    except Exception:  # a broken block says nothing of the orientation either
        return b""
    turned = before.get(ORIENTATION, 1)
    if turned not in range(2, 9):
        return b""
    after[ORIENTATION] = turned
    return after.tobytes().removeprefix(b"Exif\0\0")


def _encoded_again(source: BinaryIO, kind: str, target: Path, boxes: Sequence[Box]) -> None:
    pages: list[Image.Image] = []
    with raster(source, kind, 0) as image:
        turned = image.getexif().get(ORIENTATION, 1)
        count = getattr(image, "n_frames", 1)
        sizes = set()
        for page in range(count):
            image.seek(page)
            sizes.add(image.size)
            if len(sizes) > 1:
                raise BadImage(
                    "holds pages of several sizes, as whole slides do, with pictures of their label",
                    repair="cut out tiles: slide.svs#x=0&y=0&width=512&height=512, and save them as PNG",
                )
            pages.append(_without_text(image, boxes))
    first, *others = pages
    exif = Image.Exif()
    if turned in range(2, 9) and not boxes:
        exif[ORIENTATION] = turned
    by_kind: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": 95, "subsampling": 0},
        "WEBP": {"lossless": True},
        "TIFF": {"compression": "tiff_adobe_deflate"},
    }
    options = by_kind.get(kind, {})
    if others:
        options |= {"save_all": True, "append_images": others}
    if len(exif):
        options["exif"] = exif
    written = io.BytesIO()
    first.save(written, kind, **options)
    with target.open("xb") as out:
        out.write(written.getvalue())


def _without_text(image: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """The page with nothing but pixels and palette, boxes filled with black."""
    if image.mode == "P" and boxes:
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if boxes:
        image = ImageOps.exif_transpose(image)
    if boxes and image.mode in ("L", "RGB", "I;16", "I;16B", "I", "F"):
        pixels = np.array(image)
        blank(pixels, boxes)
        return Image.fromarray(pixels)
    page = image.copy()
    page.info = {key: value for key, value in image.info.items() if key == "transparency"}
    for box in boxes:
        page.paste(
            0 if len(page.getbands()) == 1 else (0,) * len(page.getbands()),
            (box.left, box.top, box.right, box.bottom),
        )
    return page
