"""Colour of a DICOM frame to 8-bit RGB: palettes, YBR, and samples of more than 8 bits.

This module knows nothing of grey, nor of how samples were compressed.
"""

from __future__ import annotations

import numpy as np
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut, convert_color_space

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.dicom_grey import eight_bits, look_up
from medgpt_cli.data.images.strips import in_strips, tabulable, through_table


def rgb_of(stored: np.ndarray, tags: Dataset, space: str) -> np.ndarray:
    """Three samples a pixel to 8 bits.

    Args:
        stored: (rows, columns, 3), unsigned.
        tags: The header.
        space: The photometric interpretation of `stored`, which a decoder may have changed.

    Returns:
        (rows, columns, 3), uint8.

    Raises:
        BadImage: A colour space that is not read.
    """
    if space not in ("RGB", "YBR_FULL", "YBR_FULL_422"):
        raise BadImage(
            "has colours of a kind that is not read", repair="export it again from the archive as RGB"
        )
    if stored.dtype != np.uint8:
        brightest = 2 ** int(tags.get("BitsStored") or 8 * stored.dtype.itemsize) - 1

        def scaled(values: np.ndarray) -> np.ndarray:
            return eight_bits(np.clip(values / brightest, 0, 1))

        stored = through_table(stored, scaled) if tabulable(stored) else in_strips(stored, scaled)
    if space == "RGB":
        return stored
    return in_strips(stored, lambda strip: convert_color_space(strip, "YBR_FULL", "RGB"))


def palette_of(stored: np.ndarray, tags: Dataset) -> np.ndarray:
    """Palette indices to their colours; an index beyond the palette takes its last colour.

    Args:
        stored: (rows, columns), integers of 8 or 16 bits.
        tags: The header with its palette.

    Returns:
        (rows, columns, 3), uint8.
    """
    if not tabulable(stored):
        raise BadImage("has a palette of more than 16 bits", repair="export it again as RGB")
    return through_table(stored, lambda indices: _colours(indices, tags))


def _colours(indices: np.ndarray, tags: Dataset) -> np.ndarray:
    if "SegmentedRedPaletteColorLookupTableData" in tags:
        colours = apply_color_lut(indices, tags)[..., :3]
        return eight_bits(colours / np.iinfo(colours.dtype).max)
    channels = [
        look_up(indices, tags, tags, f"{colour}PaletteColorLookupTable")
        for colour in ("Red", "Green", "Blue")
    ]
    return eight_bits(np.stack(channels, axis=-1))
