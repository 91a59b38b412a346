"""The print of a picture: two hashes by which its copies are known again, whatever file they stand in.

    pixels   of the decoded pixels themselves: equal for the same picture as PNG, TIFF, lossless DICOM
    phash    256 signs of its lowest cosine frequencies: a few flip when it is re-encoded, resized or re-windowed

Mirroring and inverting change the signs in a known way, so both are looked for without a second print; a cut-off
margin does not, so `crop_prints` gives the prints of the picture with its margins cut in 81 ways.  64 bits are too
few for chest films, which share their anatomy; 256 are not.  This module knows nothing of files or of searching.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import xxhash
from numpy.typing import NDArray
from PIL import Image

SIDE = 128
"""Pixels along each side of the thumbnail; proportions are dropped, so stretching does not hide a copy."""
FREQUENCIES = 16
"""Cosine frequencies along each axis, 16 x 16 = 256 signs."""
BYTES = FREQUENCIES * FREQUENCIES // 8
MARGINS = (0.0, 0.025, 0.05)
"""What may have been cut off at each edge, as a share of the side; between two steps the print bends by a few bits."""
MIRROR_LIKE = 2e-4
"""Share of the energy in odd frequencies across, below which a picture is as good as its own mirror image."""
FLAT = 2.0
"""Grey levels of standard deviation below which a picture shows nothing by which it could be known."""

Grey = NDArray[np.uint8]
Bits = NDArray[np.bool_]
Prints = NDArray[np.uint8]
"""(number, 32): phashes as rows of bytes."""

VARIANTS = ("", "mirrored", "inverted", "mirrored and inverted")


@dataclass(frozen=True, slots=True)
class ImagePrint:
    """By what a picture is known again.

    Attributes:
        pixels: 16 bytes of the decoded RGB pixels and their size.
        phash: 32 bytes, one bit a frequency, row by row.
        flat: Whether it shows next to nothing (black, white, one grey): equal prints then mean nothing.
        thumbnail: `SIDE` x `SIDE` grey values, for the crops and for a second look; 16 kB, not meant to be kept.
    """

    pixels: bytes
    phash: bytes
    flat: bool
    thumbnail: Grey = field(repr=False, compare=False)


def image_print(image: Image.Image) -> ImagePrint:
    """The print of a decoded picture.

    Args:
        image: As `open_image` gives it; other modes are converted to RGB.
    """
    image = image if image.mode == "RGB" else image.convert("RGB")
    digest = xxhash.xxh3_128(f"{image.width}x{image.height}".encode())
    digest.update(image.tobytes())
    small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    thumbnail = np.asarray(small, dtype=np.uint8)
    bits = _signs(_waves(0.0, 1.0), thumbnail, _waves(0.0, 1.0))
    return ImagePrint(
        digest.digest(), np.packbits(bits).tobytes(), float(thumbnail.std()) < FLAT, thumbnail
    )


def crop_prints(thumbnail: Grey) -> Prints:
    """The prints of the picture with its margins cut in every way that `crop_boxes` lists, (81, 32)."""
    every = _crop_waves(thumbnail) > 0
    every[..., 0, 0] = False
    return np.packbits(every.reshape(-1, FREQUENCIES * FREQUENCIES), axis=1)


def mirror_likeness(thumbnail: Grey) -> NDArray[np.float32]:
    """Share of the energy in odd frequencies across, of the picture cut in each of the `crop_boxes`, (81,).

    0 is a picture that equals its mirror image, as slices of a symmetric average do: the signs of its odd frequencies
    are those of noise, and a copy has others.
    """
    energy = np.square(_crop_waves(thumbnail))
    energy[..., 0, 0] = 0.0
    whole = energy.sum(axis=(-2, -1))
    odd: NDArray[np.float32] = energy[..., 1::2].sum(axis=(-2, -1)) / np.maximum(whole, 1e-9)
    return odd.ravel()


def even_alone(phashes: Prints) -> Prints:
    """The prints without the signs of odd frequencies across: those that mirroring does not change."""
    even = np.ones((FREQUENCIES, FREQUENCIES), dtype=bool)
    even[:, 1::2] = False
    kept: Prints = phashes & np.packbits(even)
    return kept


def _crop_waves(thumbnail: Grey) -> NDArray[np.float32]:
    """Cosine transforms of the picture with its margins cut, (9, 9, 16, 16)."""
    waves = np.stack([_waves(low, high) for low, high in _spans()])
    rows = waves @ thumbnail.astype(np.float32)
    every: NDArray[np.float32] = np.einsum("akx,blx->abkl", rows, waves, optimize=True)
    return every


@cache
def crop_boxes() -> tuple[tuple[float, float, float, float], ...]:
    """What each crop print shows, as (left, top, right, bottom) in shares of the side; the first is the whole."""
    return tuple((left, top, right, bottom) for top, bottom in _spans() for left, right in _spans())


def variants(phashes: Prints) -> Prints:
    """The prints as they are, mirrored left to right, inverted, and both: (number, 4, 32)."""
    bits = np.unpackbits(phashes, axis=1).astype(bool)
    return np.stack([np.packbits(bits ^ flip, axis=1) for flip in _flips()], axis=1)


def turned(thumbnail: Grey, variant: int) -> Grey:
    """A thumbnail in one of the `VARIANTS`."""
    turned = thumbnail[:, ::-1] if variant & 1 else thumbnail
    return 255 - turned if variant & 2 else turned


def distance(one: bytes, other: bytes) -> int:
    """How many of the 256 signs differ."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


@cache
def _spans() -> tuple[tuple[float, float], ...]:
    """What is left of one axis, the whole first."""
    return tuple((low, 1.0 - high) for low in MARGINS for high in MARGINS)


@cache
def _waves(low: float, high: float) -> NDArray[np.float32]:
    """The cosines over a part of an axis, integrated over each pixel of the thumbnail: (16, 128)."""
    edges = np.clip((np.arange(SIDE + 1) / SIDE - low) / (high - low), 0.0, 1.0)
    number = np.arange(1, FREQUENCIES)[:, None] * np.pi
    integral = np.concatenate([edges[None], np.sin(number * edges) / number])
    waves: NDArray[np.float32] = np.diff(integral, axis=1).astype(np.float32)
    return waves


def _signs(down: NDArray[np.float32], grey: Grey, across: NDArray[np.float32]) -> Bits:
    """The signs of the cosine transform; the mean's, which is always positive, is left 0."""
    signs: Bits = down @ grey.astype(np.float32) @ across.T > 0
    signs[0, 0] = False
    return signs


@cache
def _flips() -> Bits:
    """Which signs change in each of the `VARIANTS`: (4, 256)."""
    mirrored = np.zeros((FREQUENCIES, FREQUENCIES), dtype=bool)
    mirrored[:, 1::2] = True
    inverted = np.ones((FREQUENCIES, FREQUENCIES), dtype=bool)
    inverted[0, 0] = False
    flips = np.stack([np.zeros_like(mirrored), mirrored, inverted, mirrored ^ inverted])
    return flips.reshape(4, -1)
