"""A path to an RGB picture of 8 bits: the one place where image files are opened.

The format is told by the first bytes, the size by the header before a pixel is decoded; which picture of the file is
meant stands behind the `#` of the path (`references`).  Nothing is kept when the picture is handed over, but a few
small pieces of tables (`embedded`); opening takes at most `limits.MAX_OPEN_BYTES` at its peak.  This module knows
nothing of records: whoever opens a record's image says where it stands.
"""

from __future__ import annotations

import io
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO

from PIL import Image

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images import dicom, slides
from medgpt_cli.data.images.flags import with_flags
from medgpt_cli.data.images.formats import CONVERT, HEAD, format_of
from medgpt_cli.data.images.rasters import eight_bits, in_three_channels, raster
from medgpt_cli.data.images.references import Reference, read_reference


def open_image(path: str, *, where: str = "") -> Image.Image:
    """Opens PNG, JPEG, TIFF, WebP, GIF, BMP, DICOM, a slice of NIfTI, a region of a slide, a cell of Parquet or Arrow.

    Args:
        path: A file, and behind a `#` which picture in it, as `references` says.
        where: What a complaint calls the image: the path as typed, or `local.jsonl:17 images[1]`.

    Returns:
        The picture as RGB, upright by its EXIF orientation; `flags_of` tells what is odd about it.

    Raises:
        BadImage: It cannot or must not be opened.
        Missing: A slide, and the extra `[pathology]` is not installed.
    """
    with complaining(where):
        reference = read_reference(path)
        with opened(reference) as (stream, kind, inner):
            return in_three_channels(picture(stream, kind, inner))


@contextmanager
def complaining(where: str) -> Iterator[None]:
    """Puts the place on every `BadImage` raised inside."""
    try:
        yield
    except BadImage as error:
        raise BadImage(error.what, where=where, repair=error.repair) from None


@contextmanager
def opened(reference: Reference) -> Iterator[tuple[BinaryIO, str, Reference]]:
    """An image file, its format and which picture in it, with the warnings of decoders kept from the terminal.

    What is embedded in a table comes as its bytes, their format and what is asked of them.

    Raises:
        BadImage: No file, not a regular file, not a format that is read, words behind the `#` that do not fit it.
    """
    try:
        descriptor = os.open(reference.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise BadImage("there is no such file", repair="mend the path") from None
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "not a path"
        raise BadImage(f"cannot be opened: {reason}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadImage("is not a regular file", repair="name an image file")
    with os.fdopen(descriptor, "rb") as stream, quietly():
        kind = "SLIDE" if slides.is_named_so(reference) else format_of(stream.read(HEAD))
        stream.seek(0)
        if kind == "TIFF" and slides.is_too_large(stream):
            kind = "SLIDE"
        if kind not in ("PARQUET", "ARROW"):
            _refuse_foreign_words(reference, kind)
            yield stream, kind, reference
            return
        from medgpt_cli.data.images.embedded import cell

        data = cell(reference, kind)
        inside = format_of(data[:HEAD])
        if inside in ("PARQUET", "ARROW"):
            raise BadImage("is a table inside a table", repair=CONVERT)
        inner = replace(reference, row=None, column=None, item=None)
        _refuse_foreign_words(inner, inside)
        yield io.BytesIO(data), inside, inner


@contextmanager
def quietly() -> Iterator[None]:
    """Keeps what decoders warn of from the terminal: it may quote the file."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.|pydicom\.|nibabel\.|medgpt_cli\.data\.images\.")
        yield


def picture(stream: BinaryIO, kind: str, reference: Reference) -> Image.Image:
    """Decodes what `opened` has found: one channel where it is grey, else three.

    Raises:
        BadImage: It is damaged, too large, or does not hold what is asked of it.
        Missing: A slide, and the extra `[pathology]` is not installed.
    """
    if kind == "SLIDE":
        return slides.read_slide(reference)
    if kind == "NIFTI":
        from medgpt_cli.data.images.nifti import read_slice

        pixels, flags = read_slice(stream, reference)
    elif kind == "DICOM":
        pixels, flags = dicom.read_frame(stream, reference.frame, reference.window)
    else:
        with raster(stream, kind, reference.frame) as image:
            return eight_bits(image)
    return with_flags(Image.fromarray(pixels), flags)


def _refuse_foreign_words(reference: Reference, kind: str) -> None:
    words = {
        "DICOM": ("frame", "window"),
        "NIFTI": ("plane", "slice", "volume", "window"),
        "SLIDE": ("x", "y", "width", "height", "level"),
    }.get(kind, ("frame",))
    reference.only({"SLIDE": "a slide", "NIFTI": "NIfTI", "WEBP": "WebP"}.get(kind, kind), *words)
