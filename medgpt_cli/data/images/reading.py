"""A path to an RGB picture of 8 bits: the one place where image files are opened.

The format is told by the first bytes, the size by the header before a pixel is decoded, and what a decoder says when
it fails is not repeated (it may hold addresses or header text).  Grey of more than 8 bits is stretched from its
darkest to its brightest value, since Pillow's own conversion would clip it to white; transparency is laid on black.
This module knows nothing of records: whoever opens a record's image says where it stands.
"""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images import dicom
from medgpt_cli.data.images.formats import HEAD, format_of
from medgpt_cli.data.images.limits import pick_frame, refuse_size
from medgpt_cli.data.images.paths import split_frame

_DAMAGED = "is damaged or cut short"
_REPAIR = "copy it again from where it came"


def open_image(path: str, *, where: str = "") -> Image.Image:
    """Opens PNG, JPEG, TIFF, WebP or DICOM.

    Args:
        path: A file, with `#frame=N` behind it where it holds several.
        where: What a complaint calls the image: the path as typed, or `local.jsonl:17 images[1]`.

    Returns:
        The picture as RGB, upright by its EXIF orientation.

    Raises:
        BadImage: It cannot or must not be opened.
    """
    with complaining(where):
        name, frame = split_frame(path)
        with opened(name) as (stream, kind):
            if kind == "DICOM":
                return Image.fromarray(dicom.read_frame(stream, frame)).convert("RGB")
            with pillow_frame(stream, kind, frame) as image:
                return _rgb(image)


@contextmanager
def complaining(where: str) -> Iterator[None]:
    """Puts the place on every `BadImage` raised inside."""
    try:
        yield
    except BadImage as error:
        raise BadImage(error.what, where=where, repair=error.repair) from None


@contextmanager
def opened(path: str) -> Iterator[tuple[BinaryIO, str]]:
    """An image file and its format, with the warnings of decoders kept from the terminal.

    Raises:
        BadImage: No file, not a regular file, not a format that is read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BadImage("there is no such file", repair="mend the path") from None
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "not a path"
        raise BadImage(f"cannot be opened: {reason}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadImage("is not a regular file", repair="name an image file")
    with os.fdopen(descriptor, "rb") as stream, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.|pydicom\.|medgpt_cli\.data\.images\.")
        kind = format_of(stream.read(HEAD))
        stream.seek(0)
        yield stream, kind


@contextmanager
def pillow_frame(stream: BinaryIO, kind: str, frame: int | None) -> Iterator[Image.Image]:
    """The wanted frame, its size allowed, not yet decoded."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # some libraries set it when they are imported
    try:
        with Image.open(stream, formats=(kind,)) as image:
            refuse_size(*image.size)
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
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        KeyError,
        TypeError,
        IndexError,
        OverflowError,
    ):
        # What Pillow raises on damaged files has no common class.
        raise BadImage(_DAMAGED, repair=_REPAIR) from None


def _rgb(image: Image.Image) -> Image.Image:
    """Upright, 8 bits, three channels."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("I", "F") or upright.mode.startswith("I;16"):
        return Image.fromarray(_stretched(np.asarray(upright))).convert("RGB")
    if upright.mode == "LAB":
        raise BadImage("is in the LAB colour space", repair="save it as RGB")
    if upright.has_transparency_data:
        black = Image.new("RGBA", upright.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, upright.convert("RGBA")).convert("RGB")
    return upright.convert("RGB")


def _stretched(grey: np.ndarray) -> np.ndarray:
    """Grey of any depth to 8 bits, its darkest value to 0 and its brightest to 255.

    Files of 16 bits hold 10, 12 or 16 used ones, shifted or not, and do not say which; the range says it.
    """
    values = grey.astype(np.float64)
    finite = np.isfinite(values)
    if not finite.any():
        raise BadImage("holds no finite value", repair="leave it out")
    low, high = values[finite].min(), values[finite].max()
    if high == low:
        return np.zeros(values.shape, np.uint8)
    scaled = (np.where(finite, values, low) - low) * 255 / (high - low)
    eight_bits: np.ndarray = np.rint(scaled).astype(np.uint8)
    return eight_bits
