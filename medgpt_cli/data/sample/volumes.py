"""The MNI152 head that nilearn carries: read, brought to RAS+, and drawn slice by slice.

World coordinates are millimetres, x to the right, y to the front, z up; so x < 0 is the left hemisphere.  The
template is *exactly* mirror-symmetric, a fact that two decisions rest on: no picture cut from it can show by itself
which hemisphere it is (`draw` shows a sagittal slice from its own side of the head, so that the direction the face
looks tells), and the slices at x and -x must never be on two sides of a split (`split` goes by |x|).

This module knows nothing of questions.
"""

from __future__ import annotations

from dataclasses import dataclass

import nibabel
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medgpt_cli.data.sample.anatomy import AXES
from medgpt_cli.data.sample.installed import package_file
from medgpt_cli.data.sample.material import SIDE

FIELD = 196
"""Width and height of what a picture shows, in millimetres; the whole brain with 8 mm around it."""

_FILE = "datasets/data/mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz"


@dataclass(frozen=True, slots=True)
class Volume:
    """A head on one grid of 1 mm voxels, axes RAS+.

    Attributes:
        t1: T1-weighted intensities, skull removed.
        grey: Probability of grey matter times 255.
        white: Probability of white matter times 255.
        affine: Voxel indices to world millimetres, `(4, 4)`.
        middle: Voxel index half-way through the head along each axis.
    """

    t1: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    white: NDArray[np.uint8]
    affine: NDArray[np.float64]
    middle: tuple[float, float, float]

    def world(self, axis: int, index: float) -> float:
        """World coordinate along `axis` of a voxel index, in millimetres."""
        return float(self.affine[axis, 3] + self.affine[axis, axis] * index)

    def brain(self) -> NDArray[np.bool_]:
        """Where grey and white matter together are more likely than not."""
        return self.grey.astype(np.uint16) + self.white > 127


def mni152() -> Volume:
    """Reads the template and its tissue maps from the installed nilearn.

    Raises:
        Missing: nilearn is not installed.
    """
    arrays = {}
    affine = np.eye(4)
    for name in ("t1", "gm", "wm"):
        stored = nibabel.load(package_file("nilearn", _FILE.format(name)))
        image = nibabel.as_closest_canonical(stored)
        arrays[name] = np.asanyarray(image.dataobj).astype(np.uint8, copy=False)
        affine = np.asarray(image.affine, dtype=np.float64)
    x, y, z = (_middle(arrays["t1"], axis) for axis in range(3))
    return Volume(arrays["t1"], arrays["gm"], arrays["wm"], affine, (x, y, z))


def seen_from(plane: str, x: float) -> str:
    """From where a slice is looked at, which decides what is left in the picture.

    Axial from the feet and coronal from the front, the radiological convention: the patient's left is on the
    right of the picture.  Sagittal from the slice's own side of the head.

    Args:
        plane: A word of `AXES`.
        x: World coordinate of a sagittal slice, in millimetres.
    """
    return {"axial": "feet", "coronal": "front"}.get(plane) or ("right" if x > 0 else "left")


def draw(
    volume: Volume, plane: str, index: int, *, shift: tuple[int, int] = (0, 0), hidden: str = ""
) -> NDArray[np.uint8]:
    """Draws one slice, front or top up.

    Args:
        volume: The head.
        plane: A word of `AXES`.
        index: Voxel index along the plane's axis.
        shift: Millimetres the head is moved to the right and down in the picture; at most 8 keeps it whole.
        hidden: `left` or `right` blackens that hemisphere and the midline (axial and coronal).

    Returns:
        `(SIDE, SIDE)` grey.
    """
    axis = AXES[plane]
    across, up = (a for a in range(3) if a != axis)
    flat = volume.t1[(slice(None),) * axis + (index,)]  # a view; np.take would copy the volume
    if hidden:
        x = volume.affine[0, 3] + volume.affine[0, 0] * np.arange(flat.shape[0])
        flat = np.where(((x <= 0) if hidden == "left" else (x >= 0))[:, None], np.uint8(0), flat)
    mirrored = seen_from(plane, volume.world(axis, index)) == "right"
    picture = (flat if mirrored else flat[::-1])[:, ::-1].T
    column = volume.middle[across] if mirrored else flat.shape[0] - 1 - volume.middle[across]
    row = flat.shape[1] - 1 - volume.middle[up]
    return _frame(picture, column - shift[0], row - shift[1])


def _middle(t1: NDArray[np.uint8], axis: int) -> float:
    touched = np.flatnonzero(t1.any(axis=tuple(a for a in range(3) if a != axis)))
    return float(touched[0] + touched[-1]) / 2


def _frame(picture: NDArray[np.uint8], column: float, row: float) -> NDArray[np.uint8]:
    """The field of `FIELD` pixels around a point, on black, scaled to `SIDE`."""
    padded = Image.fromarray(np.pad(picture, FIELD // 2))
    left, top = (
        column + 0.5,
        row + 0.5,
    )  # the padding moves the point by half a field, the corner moves it back
    box = (left, top, left + FIELD, top + FIELD)
    return np.asarray(padded.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box))
