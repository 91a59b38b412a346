"""A second look at two pictures whose prints are close: laid over each other, are they the same picture?

One thumbnail is fitted onto the other by shift and scale along each axis (Lucas and Kanade 1981, four parameters),
and what is left is the correlation of their fine structure, without slow changes of grey.  This module knows nothing
of prints or files.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from medgpt_cli.data.duplicates.pictures import SIDE, Grey

SAME = 0.78
"""Correlation of the fine structure from which two pictures count as one.  Over real pictures, copies re-encoded,
re-windowed or cut by 5 % reached 0.86 and more, pictures of different patients 0.68 and less."""
LOOKS = 64
"""Pixels along each side at which pictures are compared."""
STEPS = 8
FINE, SLOW = 0.5, 1.5
"""Pixels of the two Gaussians whose difference is the fine structure."""

Box = tuple[float, float, float, float]
Plane = NDArray[np.float64]


def look(thumbnail: Grey) -> Grey:
    """What is kept of a thumbnail for the second look: (64, 64), 4 kB."""
    step = SIDE // LOOKS
    shrunk = thumbnail.reshape(LOOKS, step, LOOKS, step).mean(axis=(1, 3))
    kept: Grey = np.rint(shrunk).astype(np.uint8)
    return kept


def agreement(whole: Grey, part: Grey, box: Box) -> float:
    """How well `part` is what stands in `box` of `whole`.

    Args:
        whole: The `look` of a picture.
        part: The `look` of what may be a part of it, or all of it.
        box: Where the part is thought to stand, as (left, top, right, bottom) in shares of the side.

    Returns:
        The correlation after fitting, from -1 to 1.
    """
    source, target = _fine(whole), _fine(part)
    left, top, right, bottom = box
    # Row and column of the source as a function of the target's: offset + scale * index.
    place = np.array(
        [
            top * LOOKS + (bottom - top) / 2 - 0.5,
            bottom - top,
            left * LOOKS + (right - left) / 2 - 0.5,
            right - left,
        ]
    )
    best = -1.0
    index = np.arange(LOOKS, dtype=np.float64)
    for _ in range(STEPS):
        warped = ndimage.affine_transform(
            source, place[[1, 3]], offset=place[[0, 2]], order=1, mode="nearest"
        )
        score, rest = _compare(warped, target)
        if score <= best + 1e-4:
            break
        best = score
        down, across = np.gradient(warped)
        slopes = np.stack([down, down * index[:, None], across, across * index[None]], axis=-1).reshape(
            -1, 4
        )
        place = place + np.linalg.lstsq(slopes, rest.ravel(), rcond=None)[0]
    return best


def _compare(warped: Plane, target: Plane) -> tuple[float, Plane]:
    """The correlation, and what is left of the target in units of the warped picture."""
    a, b = warped - warped.mean(), target - target.mean()
    spread_a, spread_b = np.sqrt((a * a).mean()), np.sqrt((b * b).mean())
    if spread_a < 1e-9 or spread_b < 1e-9:
        return -1.0, np.zeros_like(a)
    return float((a * b).mean() / (spread_a * spread_b)), b * (spread_a / spread_b) - a


def _fine(grey: Grey) -> Plane:
    plane = grey.astype(np.float64)
    fine: Plane = ndimage.gaussian_filter(plane, FINE) - ndimage.gaussian_filter(plane, SLOW)
    return fine
