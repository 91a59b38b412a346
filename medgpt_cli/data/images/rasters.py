"""PNG, JPEG, TIFF, WebP, GIF and BMP as RGB pictures of 8 bits, upright.

What is decided here: grey of more than 8 bits is stretched from its darkest to its brightest value; colours with a
profile are brought to sRGB (`profiles`); transparency is laid on black; of several frames or pages one has to be named,
also of an animated PNG, GIF or WebP, except behind a camera's photo (MPO), whose previews and depth maps nobody means.
What a decoder says when it fails is not repeated: it may hold addresses or header text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.flags import Flag, with_flags
from medgpt_cli.data.images.limits import MAX_PIXELS, MAX_PIXELS_WEBP, pick_frame, refuse_size
from medgpt_cli.data.images.profiles import in_srgb
from medgpt_cli.data.images.stretch import ends_of, stretched

KINDS = ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP")
DAMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    KeyError,
    TypeError,
    IndexError,
    OverflowError,
    AttributeError,
)
"""What Pillow raises on damaged files, which has no common class."""
_REPAIR = "copy it again from where it came"


@contextmanager
def raster(stream: BinaryIO, kind: str, frame: int | None) -> Iterator[Image.Image]:
    """The wanted frame, its size allowed, not yet decoded; whatever fails inside the block is put in words.

    Raises:
        BadImage: Of a forbidden size, several frames and none named, damaged.
    """
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # some libraries set it when they are imported
    try:
        with Image.open(stream, formats=(kind,)) as image:
            refuse_size(*image.size, MAX_PIXELS_WEBP if kind == "WEBP" else MAX_PIXELS)
            if image.format == "MPO" and frame is None:
                frame = 0
            wanted = pick_frame(
                getattr(image, "n_frames", 1), frame, "page" if kind == "TIFF" else "frame"
            )
            if wanted:
                image.seek(wanted)
                refuse_size(*image.size)
            yield image
    except BadImage:
        raise
    except Image.DecompressionBombError:
        raise BadImage(
            "is over the limit of 64 megapixels",
            repair="make it smaller, or cut out the region that matters",
        ) from None
    except UnidentifiedImageError:
        raise BadImage(f"says {kind} and is not readable as such", repair=_REPAIR) from None
    except DAMAGE:
        raise BadImage("is damaged or cut short", repair=_REPAIR) from None


def rgb(image: Image.Image) -> Image.Image:
    """Upright, 8 bits, three channels, with the flags of what had to be decided.

    Raises:
        BadImage: As `eight_bits`.
    """
    return in_three_channels(eight_bits(image))


def in_three_channels(image: Image.Image) -> Image.Image:
    """Grey as RGB; what is RGB is not copied."""
    return image if image.mode == "RGB" else image.convert("RGB")


def eight_bits(image: Image.Image) -> Image.Image:
    """Upright, 8 bits, one channel where it is grey and else three, with the flags of what had to be decided.

    Raises:
        BadImage: Colours that cannot be told, or no finite value.
    """
    flags = []
    if image.format == "MPO":
        flags.append(Flag.FIRST_PICTURE)
    deep = image.mode in ("I", "F") or image.mode.startswith("I;16")
    if not deep and any(";16" in str(tile[3]) for tile in getattr(image, "tile", ())):
        flags.append(Flag.EIGHT_OF_SIXTEEN)
    ImageOps.exif_transpose(image, in_place=True)
    if deep:
        values = np.asarray(image)
        return with_flags(Image.fromarray(stretched(values, *ends_of(values))), flags)
    if image.mode == "LAB":
        raise BadImage("is in the LAB colour space", repair="save it as RGB")
    if profile := image.info.get("icc_profile"):
        managed = in_srgb(image, profile)
        if managed is None:
            flags.append(Flag.PROFILE_IGNORED)
        else:
            image = managed
    if image.has_transparency_data:
        opaque = image.convert("RGBA")
        black = Image.new("RGB", opaque.size)
        black.paste(opaque, mask=opaque.getchannel("A"))
        return with_flags(black, flags)
    return with_flags(image.copy() if image.mode == "L" else image.convert("RGB"), flags)
