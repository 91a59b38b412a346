"""Colour of a DICOM frame to 8-bit RGB: palettes, and samples of more than 8 bits.

pydicom has turned YBR into RGB when it decoded.  This module knows nothing of grey.
"""

from __future__ import annotations

import numpy as np
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut

from medgpt_cli.data.images.dicom_grey import eight_bits, look_up


def rgb_of(stored: np.ndarray, tags: Dataset) -> np.ndarray:
    """Three samples a pixel to 8 bits.

    Args:
        stored: (rows, columns, 3), unsigned.
        tags: The header.

    Returns:
        (rows, columns, 3), uint8.
    """
    if stored.dtype == np.uint8:
        return stored
    brightest = 2 ** int(tags.get("BitsStored") or 8 * stored.dtype.itemsize) - 1
    return eight_bits(np.clip(stored / brightest, 0, 1))


def palette_of(stored: np.ndarray, tags: Dataset) -> np.ndarray:
    """Palette indices to their colours; an index beyond the palette takes its last colour.

    Args:
        stored: (rows, columns), integers.
        tags: The header with its palette.

    Returns:
        (rows, columns, 3), uint8.
    """
    if "SegmentedRedPaletteColorLookupTableData" in tags:
        colours = apply_color_lut(stored, tags)[..., :3]
        return eight_bits(colours / np.iinfo(colours.dtype).max)
    channels = [
        look_up(stored, tags, tags, f"{colour}PaletteColorLookupTable")
        for colour in ("Red", "Green", "Blue")
    ]
    return eight_bits(np.stack(channels, axis=-1))
