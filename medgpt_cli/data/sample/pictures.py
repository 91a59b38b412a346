"""Square crops of the single images: at random places for training, at fixed places for what is held out.

Knows nothing of files or questions.
"""

from __future__ import annotations

import random
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medgpt_cli.core.errors import Missing
from medgpt_cli.data.sample.installed import INSTALL
from medgpt_cli.data.sample.material import SIDE, TRAIN, Picture
from medgpt_cli.data.sample.originals import ORIGINALS, Original, views

CROPS = 28
"""Training crops of each modality."""

FIXED = (
    (1.0, 0.5, 0.5),
    (0.8, 0.0, 0.0),
    (0.8, 1.0, 0.0),
    (0.8, 0.0, 1.0),
    (0.8, 1.0, 1.0),
    (0.9, 0.5, 0.5),
)
"""Held-out crops: side as a part of the short side, and how far to the right and down."""

LEAST_CONTRAST = 12.0
"""Standard deviation of grey values below which a random crop shows nothing and is drawn again."""

TRIES = 1000
"""Crops drawn before an image is given up."""

Box = tuple[int, int, int, int]


def single_pictures(rng: random.Random, share: float) -> list[Picture]:
    """Crops of every original.

    Args:
        rng: Where the training crops lie.
        share: Part of the crops to take, above 0 and at most 1.

    Raises:
        Missing: A package, or an image in it, is not there.
    """
    pictures = []
    for original in ORIGINALS:
        siblings = sum(o.split == TRAIN and o.modality == original.modality for o in ORIGINALS)
        count = max(2, round(share * (CROPS / siblings if original.split == TRAIN else len(FIXED))))
        looks = views(original)
        for number in range(count):
            facts, pixels = looks[number % len(looks)]
            if original.split == TRAIN:
                box = _anywhere(pixels, original, rng)
            else:
                box = _fixed(pixels, *FIXED[number % len(FIXED)])
            pictures.append(_picture(original, number, facts, pixels, box))
    return pictures


def _anywhere(pixels: NDArray[np.uint8], original: Original, rng: random.Random) -> Box:
    """A square that shows something."""
    height, width = pixels.shape[:2]
    for _ in range(TRIES):
        side = round(rng.uniform(original.smallest, 1) * min(height, width))
        left, top = rng.randint(0, width - side), rng.randint(0, height - side)
        if float(pixels[top : top + side, left : left + side].std()) >= LEAST_CONTRAST:
            return left, top, left + side, top + side
    # Another version of the package, or another decoder: better to stop than to ask about a black picture.
    raise Missing(f"{original.file} of the installed {original.package} shows nothing", repair=INSTALL)


def _fixed(pixels: NDArray[np.uint8], part: float, right: float, down: float) -> Box:
    height, width = pixels.shape[:2]
    side = round(part * min(height, width))
    left, top = round((width - side) * right), round((height - side) * down)
    return left, top, left + side, top + side


def _picture(
    original: Original, number: int, facts: dict[str, object], pixels: NDArray[np.uint8], box: Box
) -> Picture:
    image = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box)
    truth = {
        "modality": original.modality,
        "region": original.region,
        "original": original.file,
        "box": box,
        "within": original.box,
        **facts,
    }
    name = f"{original.package}-{PurePath(original.file).stem.lower()}-{number:02d}.png"
    return Picture(name, original.split, original.package, original.licence, np.asarray(image), truth)
