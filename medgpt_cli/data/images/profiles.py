"""Colours as the picture's own ICC profile means them, brought to sRGB, which is what everything behind expects.

A photo in Adobe RGB or for print looks pale or wrong where its profile is passed over.  A profile that cannot be read,
or that is of another kind than the picture (for print, on a photo), is passed over all the same, and that is said.
What a profile calls itself is not read: whether it is sRGB is tried on sample colours.  Grey of more than 8 bits is no
colour and does not come here.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageCms

LARGEST = 8 * 2**20
"""Bytes of a profile; those for print take up to three million."""
ALIKE = 2
"""Steps of 256 by which sample colours may differ where a profile is taken for sRGB."""
_FITTING = {
    "RGB": ("RGB", ("RGB", "RGBA", "RGBX", "P", "PA", "L", "LA", "1")),
    "GRAY": ("L", ("L", "LA", "1")),
    "CMYK": ("CMYK", ("CMYK",)),
}
"""By a profile's space: the mode it is applied to, and the modes that can be brought there."""


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The picture in sRGB, with its transparency.

    Args:
        image: 8 bits a channel.
        profile: The ICC profile it carries.

    Returns:
        The same picture where the profile is sRGB's; None where the profile cannot be applied.
    """
    if len(profile) > LARGEST:
        return None
    try:
        space, transform = _transform(profile)
        mode, fitting = _FITTING[space]
        if image.mode not in fitting:
            return None
        if transform is None:
            return image
        alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
        shown = ImageCms.applyTransform(image.convert(mode), transform)
    except (ImageCms.PyCMSError, OSError, KeyError, ValueError, TypeError):
        return None
    if shown is None:
        return None
    if alpha is not None:
        shown.putalpha(alpha)
    return shown


@lru_cache(maxsize=8)
def _transform(profile: bytes) -> tuple[str, Any]:
    """The space a profile describes, and what brings it to sRGB; nothing where it is sRGB."""
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space = own.profile.xcolor_space.strip()
    mode, _ = _FITTING[space]
    transform = ImageCms.buildTransform(
        own,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if mode == "CMYK":
        return space, transform
    samples = _samples(mode)
    shown = ImageCms.applyTransform(samples, transform)
    if shown is None:
        return space, transform
    far = np.asarray(ImageChops.difference(shown, samples.convert("RGB"))).max()
    return space, transform if far > ALIKE else None


def _samples(mode: str) -> Image.Image:
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    steps = np.linspace(0, 255, 16).astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return Image.fromarray(colours.reshape(64, 64, 3))
