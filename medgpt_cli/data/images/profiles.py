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
    "RGB": ("RGB", "RGBA", "P", "PA", "L", "LA", "1"),
    "GRAY": ("L", "LA", "1"),
    "CMYK": ("CMYK",),
}
"""By a profile's space: the modes it can be applied to."""


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The picture in sRGB, with its transparency.

    Args:
        image: 8 bits a channel; changed in place where that saves a copy.
        profile: The ICC profile it carries.

    Returns:
        The same picture where the profile is sRGB's; None where the profile cannot be applied.
    """
    if len(profile) > LARGEST:
        return None
    try:
        space = _space(profile)
        if image.mode not in _FITTING[space]:
            return None
        if space == "RGB":
            return _colours(image, profile)
        alpha = image.convert("LA").getchannel("A") if image.has_transparency_data else None
        mode = "CMYK" if space == "CMYK" else "L"
        transform = _transform(profile, mode, "RGB")
        if transform is None:
            return image
        shown = ImageCms.applyTransform(image if image.mode == mode else image.convert(mode), transform)
    except (ImageCms.PyCMSError, OSError, KeyError, ValueError, TypeError):
        return None
    if shown is not None and alpha is not None:
        shown.putalpha(alpha)
    return shown


def _colours(image: Image.Image, profile: bytes) -> Image.Image:
    mode = "RGBA" if image.has_transparency_data else "RGB"
    transform = _transform(profile, mode, mode)
    if transform is None:
        return image
    own = image if image.mode == mode else image.convert(mode)
    ImageCms.applyTransform(own, transform, inPlace=True)  # a large picture is not held twice
    return own


@lru_cache(maxsize=8)
def _space(profile: bytes) -> str:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip()


@lru_cache(maxsize=8)
def _transform(profile: bytes, before: str, after: str) -> Any:
    """What brings colours to sRGB; None where that changes none of some samples."""
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        before,
        after,
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if before == "CMYK":
        return transform
    samples = _samples().convert(before)
    shown = ImageCms.applyTransform(samples, transform)
    assert shown is not None  # it is not done in place
    far = np.asarray(ImageChops.difference(shown.convert("RGB"), samples.convert("RGB"))).max()
    return transform if far > ALIKE else None


def _samples() -> Image.Image:
    """Colours all over the cube, black and white among them."""
    steps = np.linspace(0, 255, 16).astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    return Image.fromarray(colours.reshape(64, 64, 3))
