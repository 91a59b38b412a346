"""Colours are shown as a picture's own profile means them, and a bad profile changes nothing and is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from medgpt_cli.data.images.flags import INFO, Flag
from medgpt_cli.data.images.profiles import in_srgb
from medgpt_cli.data.images.reading import open_image

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped() -> bytes:
    """A profile in which what is written as red is green, and the reverse: its two primaries exchanged."""
    start = SRGB.index(b"rXYZ")
    end = start + 12 * 12
    table = SRGB[start:end].replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ").replace(b"----", b"gXYZ")
    assert table != SRGB[start:end]
    assert table.count(b"gXYZ") == 1
    return SRGB[:start] + table + SRGB[end:]


def colours() -> Image.Image:
    pixels = np.zeros((30, 30, 3), np.uint8)
    pixels[:10], pixels[10:20], pixels[20:] = (255, 0, 0), (0, 255, 0), (60, 60, 60)
    return Image.fromarray(pixels)


def shown(image: Image.Image) -> list[tuple[int, ...]]:
    return [image.getpixel((5, row)) for row in (5, 15, 25)]  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_colours_are_brought_to_srgb(tmp_path: Path, kind: str) -> None:
    more = {"lossless": True} if kind == "WEBP" else {}
    colours().save(tmp_path / "a", kind, icc_profile=swapped(), **more)
    found = np.array(shown(open_image(str(tmp_path / "a"))), int)
    assert np.abs(found - [(0, 255, 0), (255, 0, 0), (60, 60, 60)]).max() <= 1


def test_a_profile_that_is_srgb_changes_no_pixel(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png", icc_profile=SRGB)
    image = open_image(str(tmp_path / "a.png"))
    assert np.array_equal(np.asarray(image), noise)
    assert image.info == {INFO: ()}


@pytest.mark.parametrize("profile", [b"torn", SRGB[:200], bytes(500), SRGB[:16] + b"CMYK" + SRGB[20:]])
def test_a_broken_profile_or_one_of_another_kind_is_passed_over_and_said(
    tmp_path: Path, profile: bytes
) -> None:
    colours().save(tmp_path / "a.png", icc_profile=profile)
    image = open_image(str(tmp_path / "a.png"))
    assert shown(image) == [(255, 0, 0), (0, 255, 0), (60, 60, 60)]
    assert image.info[INFO] == (Flag.PROFILE_IGNORED,)


def test_a_profile_of_any_size_is_not_read(tmp_path: Path) -> None:
    assert in_srgb(colours(), SRGB + bytes(2**23)) is None


def test_grey_with_a_profile_of_colours_stays_grey(tmp_path: Path) -> None:
    grey = Image.linear_gradient("L").resize((40, 40))
    grey.save(tmp_path / "a.png", icc_profile=swapped())
    found = np.asarray(open_image(str(tmp_path / "a.png"))).astype(int)
    assert np.abs(found - np.asarray(grey)[..., None]).max() <= 1


def test_transparency_is_kept_and_laid_on_black(tmp_path: Path) -> None:
    image = colours().convert("RGBA")
    image.putpixel((5, 15), (0, 255, 0, 0))
    image.save(tmp_path / "a.png", icc_profile=swapped())
    found = np.array(shown(open_image(str(tmp_path / "a.png"))), int)
    assert np.abs(found - [(0, 255, 0), (0, 0, 0), (60, 60, 60)]).max() <= 1


def test_grey_of_16_bits_is_no_colour(tmp_path: Path) -> None:
    deep = np.linspace(0, 4095, 1600).reshape(40, 40).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "a.tif", icc_profile=b"torn")
    image = open_image(str(tmp_path / "a.tif"))
    assert image.info[INFO] == ()
    assert np.asarray(image)[0, 0, 0] == 0
    assert np.asarray(image)[-1, -1, 0] == 255


def test_a_large_picture_is_brought_over_in_place(tmp_path: Path) -> None:
    """A second copy of 64 megapixels would break the bound on what opening one takes."""
    for mode in ("RGB", "RGBA"):
        image = colours().convert(mode)
        assert in_srgb(image, swapped()) is image


def test_what_is_for_print_is_not_taken_for_a_photo(tmp_path: Path) -> None:
    print_ = Image.new("CMYK", (30, 30), (0, 200, 200, 0))
    print_.save(tmp_path / "a.jpg", icc_profile=SRGB)
    plain = Image.new("CMYK", (30, 30), (0, 200, 200, 0))
    plain.save(tmp_path / "b.jpg")
    image = open_image(str(tmp_path / "a.jpg"))
    assert image.info[INFO] == (Flag.PROFILE_IGNORED,)
    assert np.array_equal(np.asarray(image), np.asarray(open_image(str(tmp_path / "b.jpg"))))
