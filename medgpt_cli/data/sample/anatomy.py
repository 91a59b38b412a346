"""The words for where a slice lies, and how near a border no such word is used.  Knows nothing of volumes."""

from __future__ import annotations

AXES = {"sagittal": 0, "coronal": 1, "axial": 2}
"""The axis of a RAS+ array that is constant in a slice of each plane."""

PLANES = ("axial", "coronal", "sagittal")

LEVELS = {"axial": ("inferior", "middle", "superior"), "coronal": ("posterior", "middle", "anterior")}
"""Thirds of the brain's extent along the plane's axis, from its low end to its high end."""

BORDER = 2.0
"""Millimetres on either side of a border between thirds without a level."""

MIDLINE, LATERAL = 12.0, 16.0
"""A sagittal slice is near the midline up to the first, and of one hemisphere from the second, in millimetres."""

TISSUE_MARGIN = 0.01
"""No question is asked about a share of white matter this close to where the answer turns."""
