"""The one way a picture becomes a square: padded, never cropped.

Training, chat, evaluation and serving all call it, so a model always sees what it was taught on.  This module knows
nothing of files.
"""

from __future__ import annotations

from PIL import Image

from medgpt_cli.data.images.limits import MAX_PIXELS

FILL = (122, 116, 104)
"""CLIP's mean colour in 8 bits: after normalisation the padding is zero."""


def letterbox(image: Image.Image, size: int) -> Image.Image:
    """Pads a picture to a square, centred, and resizes it.

    Args:
        image: Any size; RGB, or converted to it.
        size: Side of the result in pixels.

    Returns:
        An RGB picture, size x size, resampled bicubically.
    """
    image = image if image.mode == "RGB" else image.convert("RGB")
    side = max(image.size)
    if side * side > MAX_PIXELS:
        # A long strip of allowed size can need a square of gigabytes: shrink it by a whole number first.
        image = image.reduce(-(-side // int(MAX_PIXELS**0.5)))
        side = max(image.size)
    if image.size != (side, side):
        square = Image.new("RGB", (side, side), FILL)
        square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
        image = square
    return image.resize((size, size), Image.Resampling.BICUBIC)
