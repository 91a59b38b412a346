"""What is exactly true of each slice of a head: plane, level, side and tissue, from coordinates and tissue maps.

A slice about which a careful reader could quarrel gets no answer at all: within 2 mm of the border between two
thirds it has no level, between 12 and 16 mm from the midline it has no side.  This module knows nothing of pictures
or wording.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medgpt_cli.data.sample.anatomy import AXES, BORDER, LATERAL, LEVELS, MIDLINE
from medgpt_cli.data.sample.volumes import Volume

LEAST_BRAIN = 0.15
"""Slices with less than this part of the plane's largest brain section are left out."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice and its truth.

    Attributes:
        plane: `axial`, `coronal` or `sagittal`.
        index: Voxel index along the plane's axis.
        mm: World coordinate along that axis.
        level: Third of the brain, or empty.
        side: `left`, `right` or `midline` for sagittal slices, or empty.
        grey: Grey matter in mm².
        white: White matter in mm².
    """

    plane: str
    index: int
    mm: float
    level: str
    side: str
    grey: float
    white: float

    @property
    def white_share(self) -> float:
        """White matter as a part of grey and white matter together, 0 to 1."""
        return self.white / (self.grey + self.white)


def slices_of(volume: Volume) -> list[Slice]:
    """Every slice of the three planes that shows enough brain, in the order of the planes and positions."""
    brain = volume.brain()
    found = []
    for plane, axis in AXES.items():
        others = tuple(a for a in range(3) if a != axis)
        area = brain.sum(axis=others)
        # Voxels are 1 mm wide, so a sum of probabilities over a slice is an area in mm².
        grey = volume.grey.sum(axis=others, dtype=np.int64) / 255
        white = volume.white.sum(axis=others, dtype=np.int64) / 255
        inside = np.flatnonzero(area)
        low, high = volume.world(axis, inside[0]), volume.world(axis, inside[-1])
        for index in np.flatnonzero(area >= LEAST_BRAIN * area.max()).tolist():
            mm = volume.world(axis, index)
            level = level_of(plane, mm, low, high)
            side = side_of(mm) if plane == "sagittal" else ""
            found.append(Slice(plane, index, mm, level, side, float(grey[index]), float(white[index])))
    return found


def level_of(plane: str, mm: float, low: float, high: float) -> str:
    """The third of the brain a position lies in, or empty near a border and for sagittal slices.

    Args:
        plane: A word of `AXES`.
        mm: World coordinate along the plane's axis.
        low: Where the brain begins along it.
        high: Where it ends.
    """
    if plane not in LEVELS:
        return ""
    third = (high - low) / 3
    if any(abs(mm - (low + i * third)) < BORDER for i in (1, 2)):
        return ""
    return LEVELS[plane][min(2, int((mm - low) / third))]


def side_of(x: float) -> str:
    """`midline`, `left` or `right` for a sagittal slice, or empty in between."""
    if abs(x) <= MIDLINE:
        return "midline"
    if abs(x) < LATERAL:
        return ""
    return "left" if x < 0 else "right"
