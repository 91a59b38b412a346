"""How large a picture is, told from its header: what `open_image` gives has exactly these pixels.

Only where the header does not tell (a whole slide made small, a PNG that may be turned by a chunk behind its pixels)
is the picture decoded.
"""

from __future__ import annotations

from PIL import ExifTags

from medgpt_cli.data.images import dicom, slides
from medgpt_cli.data.images.rasters import raster
from medgpt_cli.data.images.reading import complaining, opened
from medgpt_cli.data.images.references import read_reference

ON_ITS_SIDE = (5, 6, 7, 8)
"""Orientations of EXIF whose width is the upright picture's height."""


def picture_size(path: str, *, where: str = "") -> tuple[int, int]:
    """Width and height in pixels, upright.

    Args:
        path: A file, and behind a `#` which picture in it.
        where: What a complaint calls the image.

    Raises:
        BadImage: It cannot or must not be opened, as far as its header tells.
        Missing: A slide, and the extra `[pathology]` is not installed.
    """
    with complaining(where), opened(read_reference(path)) as (stream, kind, reference):
        if kind == "SLIDE":
            return slides.region_size(reference)
        if kind == "NIFTI":
            from medgpt_cli.data.images.nifti import slice_size

            return slice_size(stream, reference)
        if kind == "DICOM":
            return dicom.frame_size(stream, reference.frame)
        with raster(stream, kind, reference.frame) as image:
            width, height = image.size
            if kind == "TIFF":  # Pillow tells the size of an upright one
                return width, height
            turned = image.getexif().get(ExifTags.Base.Orientation) in ON_ITS_SIDE
            return (height, width) if turned else (width, height)
