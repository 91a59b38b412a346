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
"""Lopsidedness below which a picture is as good as its own mirror image."""
NEARLY_MIRROR_LIKE = 10 * MIRROR_LIKE
"""Lopsidedness that a copy of such a picture stays below, however it is saved."""
FLAT = 2.0
"""Grey levels of standard deviation below which a picture shows nothing by which it could be known."""

Grey = NDArray[np.uint8]
Bits = NDArray[np.bool_]
Prints = NDArray[np.uint8]
"""(number, 32): phashes as rows of bytes."""

EVEN: Bits = np.tile(np.arange(FREQUENCIES) % 2 == 0, (FREQUENCIES, 1))
"""Frequencies whose signs mirroring does not change, (16, 16)."""

VARIANTS = ("", "mirrored", "inverted", "mirrored and inverted")


@dataclass(frozen=True, slots=True)
class ImagePrint:
    """By what a picture is known again.

    Attributes:
        pixels: 16 bytes of the decoded RGB pixels and their size.
        phash: 32 bytes, one bit a frequency, row by row.
        flat: Whether it shows next to nothing (black, white, one grey): equal prints then mean nothing.
        lopsided: Its `lopsidedness`, uncut; at 0 the signs of odd frequencies across are those of noise.
        thumbnail: `SIDE` x `SIDE` grey values, for the crops and for a second look; 16 kB, not meant to be kept.
    """

    pixels: bytes
    phash: bytes
    flat: bool
    lopsided: float
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
    whole = _waves(0.0, 1.0) @ thumbnail.astype(np.float32) @ _waves(0.0, 1.0).T
    return ImagePrint(
        digest.digest(),
        _packed(whole).tobytes(),
        float(thumbnail.std()) < FLAT,
        float(_lopsidedness(whole)),
        thumbnail,
    )


def crop_prints(thumbnail: Grey) -> Prints:
    """The prints of the picture with its margins cut in every way that `crop_boxes` lists, (81, 32)."""
    return _packed(_crop_waves(thumbnail)).reshape(-1, BYTES)


def lopsidedness(thumbnail: Grey) -> NDArray[np.float32]:
    """Share of the energy in odd frequencies across, of the picture cut in each of the `crop_boxes`, (81,).

    0 is a picture that equals its mirror image, as slices of a symmetric average do: the signs of its odd frequencies
    are those of noise, and a copy has others.
    """
    return _lopsidedness(_crop_waves(thumbnail)).ravel()


def even_alone(phashes: Prints) -> Prints:
    """The prints without the signs of odd frequencies across: those that mirroring does not change."""
    kept: Prints = phashes & np.packbits(EVEN)
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


def _packed(transforms: NDArray[np.float32]) -> Prints:
    """The signs of cosine transforms, (..., 32); the mean's, which is always positive, is left 0."""
    signs: Bits = transforms > 0
    signs[..., 0, 0] = False
    return np.packbits(signs.reshape(*signs.shape[:-2], -1), axis=-1)


def _lopsidedness(transforms: NDArray[np.float32]) -> NDArray[np.float32]:
    energy = np.square(transforms)
    energy[..., 0, 0] = 0.0
    whole = energy.sum(axis=(-2, -1))
    share: NDArray[np.float32] = energy[..., 1::2].sum(axis=(-2, -1)) / np.maximum(whole, 1e-9)
    return share


@cache
def _flips() -> Bits:
    """Which signs change in each of the `VARIANTS`: (4, 256)."""
    mirrored = ~EVEN
    inverted = np.ones((FREQUENCIES, FREQUENCIES), dtype=bool)
    inverted[0, 0] = False
    flips = np.stack([np.zeros_like(mirrored), mirrored, inverted, mirrored ^ inverted])
    return flips.reshape(4, -1)
