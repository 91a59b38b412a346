"""Prints of pictures, beside a cosine transform of scipy's and copies made with Pillow."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy import fft

from medgpt_cli.data.duplicates.pictures import (
    MIRROR_LIKE,
    NEARLY_MIRROR_LIKE,
    SIDE,
    VARIANTS,
    crop_boxes,
    crop_prints,
    distance,
    image_print,
    lopsidedness,
    turned,
    variants,
)
from tests.pictures import film, symmetric

FILMS = [film(seed) for seed in range(12)]


def as_bits(phash: bytes) -> np.ndarray:
    return np.unpackbits(np.frombuffer(phash, np.uint8)).reshape(16, 16).astype(bool)


def saved(image: Image.Image, kind: str, **settings: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return Image.open(buffer).convert("RGB")


def test_the_print_is_the_sign_of_the_lowest_cosine_frequencies() -> None:
    # scipy samples the cosine at each pixel's centre; we integrate it over the pixel: the signs agree.
    picture = image_print(FILMS[0])
    spectrum = fft.dctn(picture.thumbnail.astype(float), norm="ortho")[:16, :16]
    expected = spectrum > 0
    expected[0, 0] = False
    sure = np.abs(spectrum) > 1e-6 * np.abs(spectrum).max()
    assert (as_bits(picture.phash) == expected)[sure].all()


def test_pixels_are_the_same_in_another_file_and_differ_by_one_grey_level() -> None:
    prints = {image_print(saved(FILMS[0], kind)).pixels for kind in ("PNG", "TIFF", "BMP")}
    assert prints == {image_print(FILMS[0]).pixels}
    changed = FILMS[0].copy()
    changed.putpixel((3, 3), tuple(value ^ 1 for value in changed.getpixel((3, 3))))
    assert image_print(changed).pixels not in prints
    # The same bytes in another shape are another picture.
    wide, tall = Image.new("RGB", (8, 4)), Image.new("RGB", (4, 8))
    assert image_print(wide).pixels != image_print(tall).pixels


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_any_mode_has_the_print_of_its_rgb(mode: str) -> None:
    image = FILMS[1].convert("L").convert(mode)
    assert image_print(image) == image_print(image.convert("RGB"))


COPIES = {
    "JPEG 50": lambda image: saved(image, "JPEG", quality=50),
    "JPEG 95": lambda image: saved(image, "JPEG", quality=95),
    "WebP": lambda image: saved(image, "WEBP", quality=60),
    "twice": lambda image: saved(saved(image, "JPEG", quality=80), "JPEG", quality=60),
    "half": lambda image: image.resize((image.width // 2, image.height // 2)),
    "224": lambda image: image.resize((224, 224)),
    "window": lambda image: image.point([min(255, max(0, int((v - 20) * 1.3))) for v in range(256)] * 3),
    "gamma": lambda image: image.point([int(255 * (v / 255) ** 0.8) for v in range(256)] * 3),
}


@pytest.mark.parametrize("copy", COPIES)
def test_copies_stay_near_and_different_films_far(copy: str) -> None:
    prints = [image_print(image).phash for image in FILMS]
    copies = [image_print(COPIES[copy](image)).phash for image in FILMS]
    for number, each in enumerate(copies):
        apart = [distance(each, other) for other in prints]
        assert apart[number] <= 32, copy
        assert min(apart[:number] + apart[number + 1 :]) > 48, copy


@pytest.mark.parametrize("variant", range(4))
def test_mirrored_and_inverted_prints_are_told_from_the_print(variant: int) -> None:
    image = FILMS[2]
    if variant & 1:
        image = ImageOps.mirror(image)
    if variant & 2:
        image = ImageOps.invert(image)
    changed, plain = image_print(image), image_print(FILMS[2])
    told = variants(np.frombuffer(plain.phash, np.uint8)[None])[0, variant]
    assert distance(changed.phash, told.tobytes()) <= 4, VARIANTS[variant]
    drift = turned(plain.thumbnail, variant).astype(int) - changed.thumbnail
    assert np.abs(drift).mean() < 2  # Pillow's box filter is not quite symmetric


def test_each_crop_print_is_the_print_of_that_crop() -> None:
    grey = Image.fromarray(image_print(FILMS[3]).thumbnail).resize(
        (1280, 1280), Image.Resampling.BICUBIC
    )
    prints = crop_prints(image_print(grey.convert("RGB")).thumbnail)
    assert len(prints) == len(crop_boxes()) == len(set(crop_boxes())) == 81
    assert crop_boxes()[0] == (0.0, 0.0, 1.0, 1.0)
    for box, told in zip(crop_boxes(), prints, strict=True):
        cut = grey.crop(tuple(round(side * 1280) for side in box))
        assert distance(image_print(cut.convert("RGB")).phash, told.tobytes()) <= 16


def test_the_first_crop_is_the_whole() -> None:
    picture = image_print(FILMS[4])
    assert crop_prints(picture.thumbnail)[0].tobytes() == picture.phash
    assert lopsidedness(picture.thumbnail)[0] == pytest.approx(picture.lopsided, rel=1e-4)


def test_lopsided_is_a_picture_that_its_mirror_image_is_not() -> None:
    assert all(image_print(symmetric(seed, 250)).lopsided < MIRROR_LIKE for seed in range(4))
    assert all(image_print(image).lopsided > NEARLY_MIRROR_LIKE for image in FILMS)
    # All of a picture's change of grey from left to right, and none from top to bottom.
    ramp = Image.linear_gradient("L").rotate(90)
    assert image_print(ramp.convert("RGB")).lopsided == pytest.approx(1.0, abs=1e-3)
    assert image_print(Image.linear_gradient("L").convert("RGB")).lopsided < MIRROR_LIKE


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_picture_that_shows_nothing_says_so(grey: int) -> None:
    assert image_print(Image.new("RGB", (300, 200), (grey,) * 3)).flat
    assert not image_print(FILMS[0]).flat


def test_a_picture_smaller_than_the_thumbnail_has_a_print() -> None:
    assert image_print(FILMS[0].resize((7, 5))).thumbnail.shape == (SIDE, SIDE)
