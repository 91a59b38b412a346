"""A region of a whole slide, or the slide made small: OpenSlide, the extra `[pathology]`.

A slide is told by the end of its name (its first bytes are those of a TIFF or of nothing in particular), by a region
that is asked for, or by being a tiled TIFF too large to be one picture.  Where nothing was scanned it is white.  The
label and macro pictures of a slide show names and numbers: they are never read, nor is the description.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, TiffImagePlugin

from medgpt_cli.core.errors import BadImage, Missing
from medgpt_cli.data.images.flags import Flag, with_flags
from medgpt_cli.data.images.limits import MAX_PIXELS, refuse_size
from medgpt_cli.data.images.rasters import DAMAGE
from medgpt_cli.data.images.references import Reference

ENDINGS = frozenset({".svs", ".ndpi", ".mrxs", ".scn", ".bif", ".vms", ".vmu", ".svslide", ".czi"})
THUMBNAIL = 1024
"""Longer side in pixels of a slide without a region."""
HINT = "name a region: #x=0&y=0&width=512&height=512&level=0 behind the path; x and y count pixels of level 0"
INSTALL = "pip install 'medgpt[pathology]'"
_REPAIR = "copy it again from where it came"
_TILES = 324
"""The TIFF tag of where tiles lie."""


def is_named_so(reference: Reference) -> bool:
    """Whether the path ends like a slide's or names a region."""
    region = (reference.x, reference.y, reference.width, reference.height, reference.level)
    return any(part is not None for part in region) or Path(reference.path).suffix.lower() in ENDINGS


def is_too_large(stream: BinaryIO) -> bool:
    """Whether a TIFF is tiled and larger than one picture may be."""
    try:
        with TiffImagePlugin.TiffImageFile(stream) as image:
            return image.width * image.height > MAX_PIXELS and _TILES in image.tag_v2
    except (*DAMAGE, struct.error):  # the TIFF reader itself will say what is wrong
        return False
    finally:
        stream.seek(0)


def read_slide(reference: Reference) -> Image.Image:
    """The region a reference names; without one the whole slide made small, flagged as such.

    Raises:
        BadImage: Not a slide, a region that is incomplete, too large or outside, damaged.
        Missing: The extra is not installed.
    """
    with _opened(reference.path) as slide:
        if not _checked(slide, reference):
            return with_flags(_thumbnail(slide), [Flag.THUMBNAIL])
        corner, level = (reference.x, reference.y), reference.level or 0
        try:
            region = slide.read_region(corner, level, (reference.width, reference.height))
        except _damage():
            raise BadImage("is a damaged slide", repair=_REPAIR) from None
    return with_flags(_on_white(region), [])


def check_slide(reference: Reference) -> None:
    """What `read_slide` refuses without reading pixels.

    Raises:
        BadImage: As `read_slide`.
        Missing: The extra is not installed.
    """
    with _opened(reference.path) as slide:
        if not _checked(slide, reference):
            _small_level(slide)


def region_size(reference: Reference) -> tuple[int, int]:
    """Width and height of what `read_slide` would read; a whole slide is read for it.

    Raises:
        BadImage: As `read_slide`.
        Missing: The extra is not installed.
    """
    with _opened(reference.path) as slide:
        if not _checked(slide, reference):
            return _thumbnail(slide).size
    assert reference.width is not None
    assert reference.height is not None
    return reference.width, reference.height


def _opened(path: str) -> Any:
    try:
        import openslide
    except (ImportError, OSError):
        raise Missing(
            "slides need the packages openslide-python and openslide-bin", repair=INSTALL
        ) from None
    try:
        return openslide.OpenSlide(path)
    except openslide.OpenSlideError:
        raise BadImage(
            "is no slide that OpenSlide reads",
            repair="leave x, y, width, height and level out, or convert it",
        ) from None


def _damage() -> tuple[type[Exception], ...]:
    """What reading a damaged slide raises."""
    import openslide

    return (openslide.OpenSlideError, *DAMAGE)


def _checked(slide: Any, reference: Reference) -> bool:
    """Whether a region is asked for; one that cannot be read is refused."""
    x, y, width, height = reference.x, reference.y, reference.width, reference.height
    if x is None and y is None and width is None and height is None and reference.level is None:
        return False
    if x is None or y is None or width is None or height is None:
        raise BadImage("has a region that is not complete", repair=HINT)
    level = reference.level or 0
    if level >= slide.level_count:
        raise BadImage(
            f"has no level {level}: it holds {slide.level_count}, counted from 0",
            repair=f"name one up to level={slide.level_count - 1}",
        )
    refuse_size(width, height)
    scale = slide.level_downsamples[level]
    whole = slide.dimensions
    if x >= whole[0] or y >= whole[1] or x + width * scale <= 0 or y + height * scale <= 0:
        raise BadImage(
            f"has nothing there: it is {whole[0]} x {whole[1]} pixels", repair="name a region inside"
        )
    return True


def _small_level(slide: Any) -> int:
    level = int(slide.get_best_level_for_downsample(max(slide.dimensions) / THUMBNAIL))
    width, height = slide.level_dimensions[level]
    if width * height > MAX_PIXELS:
        raise BadImage("is a slide without a small level", repair=HINT)
    return level


def _thumbnail(slide: Any) -> Image.Image:
    level = _small_level(slide)
    try:
        whole = _on_white(slide.read_region((0, 0), level, slide.level_dimensions[level]))
    except _damage():
        raise BadImage("is a damaged slide", repair=_REPAIR) from None
    whole.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.BICUBIC)
    refuse_size(*whole.size)
    return whole


def _on_white(region: Image.Image) -> Image.Image:
    white = Image.new("RGB", region.size, (255, 255, 255))
    white.paste(region, mask=region.getchannel("A"))
    return white
