"""What is odd about a picture that can be opened: said, counted and filtered on by name, never mended in silence.

Some of it is only known while a file is read (a program in front of a DICOM file, a window that was picked among
several) and travels with the picture; the rest is measured on its pixels.  What is done about a flag is not decided
here.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
from PIL import Image

INFO = "medgpt_flags"
"""The key in `Image.info` under which the flags of reading travel."""
SMALL = 64
"""Pixels; a picture with a shorter side is hardly one of anything clinical."""
LONG = 4
"""Longer side over shorter side: letterboxed, three quarters and more of the square are padding."""
BLACK = 8
"""Brightness up to which a pixel counts as black."""
BLACK_SHARE = 0.995
CONSTANT_STD = 2.0
"""Standard deviation of brightness below which nothing can be seen."""
_MEASURED = 512
"""Side in pixels that is measured at most, on a regular grid."""


class Flag(StrEnum):
    """What may be odd about a picture."""

    EXECUTABLE = "executable-preamble"
    """The 128 bytes before the DICOM file begin like a program."""
    SYNTAX_GUESSED = "syntax-guessed"
    """The DICOM file does not say how it is encoded."""
    FOR_PROCESSING = "for-processing"
    """Raw detector values, not meant to be looked at."""
    SECONDARY_CAPTURE = "secondary-capture"
    """A screenshot or a scan: text is often burned in."""
    BURNED_IN = "burned-in-text"
    """The header says that text is burned in; a header that does not say so proves nothing."""
    FIRST_WINDOW = "first-of-several-windows"
    NO_WINDOW = "no-window"
    """The file says nothing of what to show: the middle 99 % are shown."""
    FIRST_PICTURE = "first-of-several-pictures"
    """A camera's file with a preview or a depth map behind the photo."""
    EIGHT_OF_SIXTEEN = "colour-cut-to-8-bits"
    """Of 16 bits a channel the upper 8 are shown."""
    PROFILE_IGNORED = "colour-profile-ignored"
    """The picture's own account of its colours cannot be read or is of another kind: they are shown as sRGB."""
    OBLIQUE = "oblique"
    """The volume stands at an angle to the body's axes; planes are the nearest ones."""
    ORIENTATION_GUESSED = "orientation-guessed"
    """The NIfTI file does not say how it lies in the body."""
    THUMBNAIL = "slide-thumbnail"
    """A whole slide shown small, because no region was named: `slides.HINT` says how to name one."""
    BLACK = "almost-black"
    CONSTANT = "almost-constant"
    SMALL = "small"
    LONG = "long"


def with_flags(image: Image.Image, flags: Iterable[Flag]) -> Image.Image:
    """The same picture with nothing in `info` but these flags: what a file says in passing stays behind."""
    image.info = {INFO: tuple(flags)}
    return image


def flags_of(image: Image.Image) -> tuple[str, ...]:
    """What is odd about a picture.

    Args:
        image: As `open_image` returns it, or any other.

    Returns:
        Names of `Flag`, those of reading first.
    """
    found = [str(flag) for flag in image.info.get(INFO, ())]
    step = max(1, -(-max(image.size) // _MEASURED))
    grey = np.asarray(image.convert("L"))[::step, ::step]
    if np.count_nonzero(grey <= BLACK) >= BLACK_SHARE * grey.size:
        found.append(Flag.BLACK)
    if grey.std() < CONSTANT_STD:
        found.append(Flag.CONSTANT)
    if min(image.size) < SMALL:
        found.append(Flag.SMALL)
    if max(image.size) > LONG * min(image.size):
        found.append(Flag.LONG)
    return tuple(str(flag) for flag in found)
