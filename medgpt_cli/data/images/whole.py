"""Whether an image file is all there, told without decoding it.

Headers, checksums and lengths are compared with the file; what only shows in the pixels is left to decoding.
"""

from __future__ import annotations

from typing import BinaryIO

from PIL import Image, TiffImagePlugin

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images import dicom, slides
from medgpt_cli.data.images.rasters import raster
from medgpt_cli.data.images.reading import complaining, opened
from medgpt_cli.data.images.references import read_reference

TAIL = 65_536
"""Bytes before the end in which a JPEG's end marker is looked for: some writers append notes."""

_OFFSETS_AND_LENGTHS = ((273, 279), (324, 325))
"""TIFF tags: strips, tiles."""


def verify_image(path: str, *, where: str = "") -> None:
    """Refuses what `open_image` would refuse, as far as it shows without decoding pixels.

    Args:
        path: A file, and behind a `#` which picture in it.
        where: What a complaint calls the image.

    Raises:
        BadImage: It cannot or must not be opened, or is cut short.
        Missing: A slide, and the extra `[pathology]` is not installed.
    """
    with complaining(where), opened(read_reference(path)) as (stream, kind, reference):
        if kind == "SLIDE":
            slides.check_slide(reference)
            return
        if kind == "DICOM":
            dicom.check_header(stream, reference.frame)
            return
        if kind == "NIFTI":
            from medgpt_cli.data.images.nifti import check_slice

            check_slice(stream, reference)
            return
        with raster(stream, kind, reference.frame) as image:
            whole = _whole(image, stream, kind)
        if not whole:
            raise BadImage("is cut short", repair="copy it again from where it came")


def _whole(image: Image.Image, stream: BinaryIO, kind: str) -> bool:
    size = stream.seek(0, 2)
    if kind == "PNG":
        stream.seek(0)
        with Image.open(stream, formats=("PNG",)) as fresh:  # a frame may have been sought in `image`
            fresh.verify()  # reads every chunk and its checksum
        return True
    if kind == "JPEG":
        stream.seek(max(0, size - TAIL))
        return b"\xff\xd9" in stream.read()
    if kind == "WEBP":
        return True  # libwebp has read the whole file when it is open
    if kind in ("GIF", "BMP"):
        image.load()  # they carry no length or checksum to compare, and decode at once
        return True
    assert isinstance(image, TiffImagePlugin.TiffImageFile)
    tags = image.tag_v2
    for offsets, lengths in _OFFSETS_AND_LENGTHS:
        ends = zip(tags.get(offsets) or (), tags.get(lengths) or (), strict=False)
        if any(offset + length > size for offset, length in ends):
            return False
    return True
