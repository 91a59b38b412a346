"""Pictures for tests, drawn from a seed: films that share an anatomy and differ as patients do."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage


def film(seed: int, width: int = 320, height: int = 288) -> Image.Image:
    """Something like a chest film: two dark fields, a bright middle, ribs; no two seeds alike.

    Args:
        seed: Of the patient.
        width: In pixels.
        height: In pixels.
    """
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    shift, scale = draw.uniform(-0.05, 0.05, 4), draw.uniform(0.85, 1.15, 4)
    grey = 150.0 - 40 * (y - 0.5)
    for side, centre in enumerate((0.3, 0.7)):
        wide, tall = 0.15 * scale[side], 0.3 * scale[2 + side]
        inside = ((x - centre - shift[side]) / wide) ** 2 + ((y - 0.45 - shift[2 + side]) / tall) ** 2
        grey -= 90 / (1 + np.exp(12 * (inside - 1)))
    pitch, tilt, phase = draw.uniform(7, 12), draw.uniform(0.2, 0.8), draw.uniform(0, 2 * np.pi, 2)
    grey += 12 * np.sin(2 * np.pi * pitch * (y + tilt * np.abs(x - 0.5)) + phase[0])
    # Soft tissue and vessels: noise of several coarsenesses, the patient's own.
    for blur, weight in ((32, 40.0), (12, 24.0), (4, 10.0), (1.5, 4.0)):
        noise = ndimage.gaussian_filter(draw.standard_normal((height, width)), blur * width / 320)
        grey += weight * noise / noise.std()
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")


def symmetric(seed: int, side: int) -> Image.Image:
    """A film that equals its mirror image, as slices of a symmetric average do.

    At 250 pixels the blocks of a JPEG lie otherwise on the left than on the right, and so does its noise.

    Args:
        seed: Of the patient.
        side: In pixels.
    """
    left = film(seed).resize((side, side))
    mask = Image.new("L", left.size, 0)
    mask.paste(255, (0, 0, side // 2, side))
    return Image.composite(left, ImageOps.mirror(left), mask)
