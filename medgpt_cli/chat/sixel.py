"""An image as sixel graphics, which terminals have drawn since DEC's VT240.

Six rows of pixels are a band; a band is written once for each of its colours, a character a column.  This module
knows nothing of what terminals can.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

COLOURS = 128
"""Enough for the greys of a film."""


def sixel(image: Image) -> str:
    """The escape sequence that draws an image.

    Args:
        image: In RGB.
    """
    few = image.quantize(COLOURS)
    width, height = few.size
    found = few.getpalette() or []
    colours = [found[at : at + 3] for at in range(0, len(found), 3)]
    palette = "".join(
        f"#{number};2;" + ";".join(str(round(part * 100 / 255)) for part in colour)
        for number, colour in enumerate(colours)
    )
    pixels = few.tobytes()
    bands = []
    for top in range(0, height, 6):
        rows = [pixels[y * width : (y + 1) * width] for y in range(top, min(top + 6, height))]
        bands.append("$".join(_layer(rows, colour) for colour in sorted(set(b"".join(rows)))))
    return f'\x1bP0;1q"1;1;{width};{height}{palette}{"-".join(bands)}\x1b\\'


def _layer(rows: list[bytes], colour: int) -> str:
    """One colour of a band."""
    columns = zip(*rows, strict=True)
    bits = (sum(1 << bit for bit, pixel in enumerate(column) if pixel == colour) for column in columns)
    runs = ((chr(63 + value), len(list(run))) for value, run in groupby(bits))
    return f"#{colour}" + "".join(f"!{n}{sign}" if n > 3 else sign * n for sign, n in runs)
