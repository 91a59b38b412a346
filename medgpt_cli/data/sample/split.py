"""Which slices are trained on and which are held out: whole blocks, never neighbours.

Along each axis the millimetres repeat in periods of 20: twelve train, two are dropped, four are held out, two are
dropped; so a held-out slice is at least 3 mm from any slice trained on.  Sagittal slices go by |x|, because the
template is mirror-symmetric and x and -x are the same picture mirrored.  The blocks do not depend on the seed: the
held-out slices are the same for everyone.

This module knows nothing of volumes or pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from medgpt_cli.data.sample.material import GAP, HELD_OUT, TRAIN

PERIOD = 20
BLOCKS = ((12, TRAIN), (14, GAP), (18, HELD_OUT), (20, GAP))
"""Each block by where it ends within a period, in millimetres."""

PHASE = {"sagittal": 10, "coronal": 6, "axial": 4}
"""Where a plane's periods start, chosen so that each third of the brain, and the midline, stand on both sides."""

Item = TypeVar("Item")


def split_of(plane: str, mm: float) -> str:
    """`train`, `heldout` or `gap` for a slice.

    Args:
        plane: `axial`, `coronal` or `sagittal`.
        mm: Its world coordinate along the plane's axis.
    """
    place = (abs(mm) if plane == "sagittal" else mm) + PHASE[plane]
    within = round(place) % PERIOD
    return next(name for end, name in BLOCKS if within < end)


def thin(items: Sequence[Item], share: float, least: int) -> list[Item]:
    """An evenly spaced part of `items`, ends included.

    Args:
        items: What to choose from, in order.
        share: Part to keep, above 0 and at most 1.
        least: Never fewer than this, as long as there are as many.
    """
    count = min(len(items), max(least, round(len(items) * share)))
    if count < 2:
        return list(items[:count])
    return [items[round(i * (len(items) - 1) / (count - 1))] for i in range(count)]
