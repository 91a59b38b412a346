"""One slice of a NIfTI volume as 8-bit pixels, in one stated display convention.

    orientation  the nearest anatomical axes, whatever order the file stores
    axial        from below: the patient's left at the picture's right, front at the top; slices from below upwards
    coronal      from the front: left at the right, head at the top; slices from the back forwards
    sagittal     front at the left, head at the top; slices from the patient's left to the right
    brightness   window= of the path, else the header's display range, else the middle 99 % of the slice
    shape        pixels are made square: the coarser side is enlarged

The first two are the radiological convention.  Only the slice is held: it is read from the file where it lies in one
piece, and picked out of a few planes at a time where it does not.  The file is read once from the front, so a late
slice of a packed file takes as long as unpacking it.
"""

from __future__ import annotations

import math
from typing import BinaryIO

import numpy as np
from PIL import Image

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.flags import Flag
from medgpt_cli.data.images.formats import GZIP
from medgpt_cli.data.images.limits import refuse_size
from medgpt_cli.data.images.nifti_header import DAMAGE, Volume, open_volume
from medgpt_cli.data.images.references import PLANES, Reference
from medgpt_cli.data.images.stretch import middle_of, stretched

BLOCK = 4_000_000
"""Voxels read at a time where a slice is picked out of several planes."""
_ACROSS = {"axial": 2, "coronal": 1, "sagittal": 0}
"""The axis of right, anterior, superior that a plane is cut across."""
_REPAIR = "copy it again from where it came"


def read_slice(stream: BinaryIO, reference: Reference) -> tuple[np.ndarray, tuple[Flag, ...]]:
    """Reads the slice a reference names.

    Returns:
        (rows, columns) or (rows, columns, 3), uint8; and what is odd about the file.

    Raises:
        BadImage: No slice named or one beyond the last, too large, damaged or cut short.
    """
    try:
        volume = open_volume(stream)
        across, index = _wanted(volume, reference)
        pixels = _bright(_slice(volume, across, index, reference.volume or 0), volume, reference.window)
    except BadImage:
        raise
    except DAMAGE:
        raise BadImage("is damaged or cut short", repair=_REPAIR) from None
    rows, columns = [axis for axis in (2, 1, 0) if axis != across]
    return _square(pixels, volume.spacing[rows], volume.spacing[columns]), volume.flags


def check_slice(stream: BinaryIO, reference: Reference) -> None:
    """What `read_slice` refuses by the header, and whether unpacked voxels are all there.

    Raises:
        BadImage: As `read_slice`.
    """
    volume = _header(stream)
    _wanted(volume, reference)
    stream.seek(0)
    if stream.read(2) != GZIP:
        voxels = math.prod((*volume.shape, *volume.series))
        if volume.voxels.offset + voxels * volume.voxels.dtype.itemsize > stream.seek(0, 2):
            raise BadImage("is cut short", repair=_REPAIR)


def slice_size(stream: BinaryIO, reference: Reference) -> tuple[int, int]:
    """Width and height of the slice that `read_slice` would read.

    Raises:
        BadImage: As `read_slice`, as far as the header tells.
    """
    volume = _header(stream)
    height, width = _size(volume, _wanted(volume, reference)[0])
    return width, height


def _header(stream: BinaryIO) -> Volume:
    try:
        return open_volume(stream)
    except BadImage:
        raise
    except DAMAGE:
        raise BadImage("is damaged or cut short", repair=_REPAIR) from None


def _wanted(volume: Volume, reference: Reference) -> tuple[int, int]:
    """The axis that is cut across and the slice on it, both counted in right, anterior, superior."""
    lengths = {plane: volume.shape[volume.axes[_ACROSS[plane]][0]] for plane in PLANES}
    count = math.prod(volume.series)
    if reference.plane is None or reference.slice is None:
        raise BadImage(
            "is a volume of "
            + ", ".join(f"{length} {plane}" for plane, length in lengths.items())
            + " slices",
            repair=f"name one: #plane=axial&slice={lengths['axial'] // 2} behind the path",
        )
    if reference.slice >= lengths[reference.plane]:
        raise BadImage(
            f"has no {reference.plane} slice {reference.slice}: it holds {lengths[reference.plane]}, counted from 0",
            repair=f"name one up to slice={lengths[reference.plane] - 1}",
        )
    if reference.volume is None and count > 1:
        raise BadImage(
            f"holds {count} volumes",
            repair=f"name one: &volume=0 to &volume={count - 1} behind the path",
        )
    if reference.volume is not None and reference.volume >= count:
        raise BadImage(
            f"has no volume {reference.volume}: it holds {count}, counted from 0",
            repair=f"name one up to volume={count - 1}",
        )
    across = _ACROSS[reference.plane]
    height, width = _size(volume, across)
    refuse_size(width, height)
    return across, reference.slice


def _size(volume: Volume, across: int) -> tuple[int, int]:
    """(height, width) of the picture once its pixels are square."""
    rows, columns = [axis for axis in (2, 1, 0) if axis != across]
    return _squared(
        volume.shape[volume.axes[rows][0]],
        volume.shape[volume.axes[columns][0]],
        volume.spacing[rows],
        volume.spacing[columns],
    )


def _slice(volume: Volume, across: int, index: int, number: int) -> np.ndarray:
    """Voxels of one slice, rows from the top and columns from the left of the display convention."""
    stored, direction = volume.axes[across]
    place = index if direction > 0 else volume.shape[stored] - 1 - index
    further = np.unravel_index(number, volume.series, order="F") if volume.series else ()
    flat = volume.voxels if volume.voxels.ndim > 2 else volume.voxels.reshape((*volume.shape,))
    if stored == 2:
        voxels = np.asarray(flat[(slice(None), slice(None), place, *further)])
    else:
        step = max(1, BLOCK // (volume.shape[0] * volume.shape[1]))
        voxels = np.concatenate(
            [
                np.asarray(flat[(slice(None), slice(None), slice(start, start + step), *further)]).take(
                    place, axis=stored
                )
                for start in range(0, volume.shape[2], step)
            ],
            axis=-1,
        )
    left = [axis for axis in range(3) if axis != stored]
    rows, columns = [axis for axis in (2, 1, 0) if axis != across]
    voxels = voxels.transpose([left.index(volume.axes[rows][0]), left.index(volume.axes[columns][0])])
    # The top is up or front, the left is the patient's right or front: both run against the axes.
    flips = [slice(None, None, -volume.axes[axis][1]) for axis in (rows, columns)]
    return voxels[tuple(flips)]


def _bright(stored: np.ndarray, volume: Volume, window: tuple[float, float] | None) -> np.ndarray:
    if stored.dtype.names:
        if window:
            raise BadImage("has colours, and a window is for grey", repair="leave window= out")
        return np.stack([stored[name] for name in stored.dtype.names[:3]], axis=-1).astype(np.uint8)
    if window:
        low, high = window[0] - window[1] / 2, window[0] + window[1] / 2
    elif volume.shown != (0.0, 0.0):
        low, high = volume.shown
    else:
        low, high = middle_of(stored)
    return stretched(stored, low, high)


def _squared(height: int, width: int, tall: float, wide: float) -> tuple[int, int]:
    """(height, width) once pixels `tall` x `wide` millimetres are square."""
    if not (0 < tall < math.inf and 0 < wide < math.inf):
        return height, width
    ratio = min(max(tall / wide, 1e-3), 1e3)
    if abs(ratio - 1) < 0.02:
        return height, width
    return (round(height * ratio), width) if ratio > 1 else (height, round(width / ratio))


def _square(pixels: np.ndarray, tall: float, wide: float) -> np.ndarray:
    height, width = _squared(pixels.shape[0], pixels.shape[1], tall, wide)
    if (height, width) == pixels.shape[:2]:
        return np.ascontiguousarray(pixels)
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized)
