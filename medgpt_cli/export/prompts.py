"""What an export is asked before it is called done: a few fixed prompts, with and without pictures drawn here.

They hold nothing of any record, so what is kept of the answers gives nothing away.  They try whether two folders hold
the same model; they say nothing of how good it is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

WIDE, TALL = "wide", "tall"
SIZES = {WIDE: (140, 90), TALL: (70, 120)}
"""Width and height in pixels of each picture; none is a square, so that padding is tried too."""


class Prompt(NamedTuple):
    """One question.

    Attributes:
        text: Its words.
        pictures: Names of the pictures that stand before it.
    """

    text: str
    pictures: tuple[str, ...] = ()


PROMPTS = (
    Prompt("Name the chambers of the heart."),
    Prompt("A patient asks what a pneumothorax is.  Explain it in two sentences."),
    Prompt("1. 2 + 2 = 4?  2. Größe: 1,5 µm – β₂ “quoted” 肺"),
    Prompt("Describe this image.", (WIDE,)),
    Prompt("Which plane is shown?\nA. axial\nB. coronal\nC. sagittal", (TALL,)),
    Prompt("What changed between the two images?", (WIDE, TALL)),
)


def picture(name: str) -> Image.Image:
    """One of the pictures: rings of grey on a slope of colour, the same in every run.

    Args:
        name: `WIDE` or `TALL`.
    """
    width, height = SIZES[name]
    y, x = np.mgrid[0:height, 0:width]
    radius = np.hypot(x - width * 0.4, y - height * 0.55)
    rings = ((radius.astype(np.int64) // 6) % 2) * 90
    colours = np.stack([x * 160 // width, y * 160 // height, (x + y) * 160 // (width + height)], -1)
    return Image.fromarray((colours + rings[..., None]).astype(np.uint8))
