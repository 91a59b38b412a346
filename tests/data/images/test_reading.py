from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.reading import open_image
from tests.data.images.pictures import gradient, noise


def saved(image: Image.Image, path: Path, kind: str, **options: Any) -> str:
    image.save(path, kind, **options)
    return str(path)


def pixels(path: str) -> np.ndarray:
    image = open_image(path)
    assert image.mode == "RGB"
    return np.asarray(image)


def rgb(grey: np.ndarray) -> np.ndarray:
    return np.stack([grey] * 3, axis=-1)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_lossless_colour_comes_back_exactly(tmp_path: Path, kind: str) -> None:
    image = noise()
    path = saved(image, tmp_path / "no-suffix", kind, **({"lossless": True} if kind == "WEBP" else {}))
    assert np.array_equal(pixels(path), np.asarray(image))


def test_jpeg_is_what_pillow_decodes(tmp_path: Path) -> None:
    path = saved(noise(), tmp_path / "a.png", "JPEG")
    assert np.array_equal(pixels(path), np.asarray(Image.open(path)))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize(("low", "high"), [(0, 65535), (0, 4095), (31744, 34000)])
def test_sixteen_bits_are_stretched_and_never_clipped(
    tmp_path: Path, kind: str, low: int, high: int
) -> None:
    grey = (gradient(top=high - low, dtype=np.int64) + low).astype(np.uint16)
    path = saved(Image.fromarray(grey), tmp_path / "a", kind)
    expected = np.array([[round((int(v) - low) * 255 / (high - low)) for v in row] for row in grey])
    assert np.array_equal(pixels(path), rgb(expected))


def test_big_endian_sixteen_bits(tmp_path: Path) -> None:
    grey = gradient(top=4095, dtype=np.uint16)
    path = tmp_path / "a.tif"
    swapped = Image.frombytes("I;16B", grey.shape[::-1], grey.astype(">u2").tobytes())
    swapped.save(path, "TIFF")
    assert path.read_bytes()[:2] == b"MM"
    assert np.array_equal(pixels(str(path)), rgb(np.rint(grey / 4095 * 255)))


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_deep_and_float_tiff(tmp_path: Path, dtype: Any) -> None:
    grey = (gradient(top=1000, dtype=np.int64) - 300).astype(dtype)
    path = saved(Image.fromarray(grey), tmp_path / "a", "TIFF")
    assert np.array_equal(pixels(path), rgb(np.rint((grey.astype(np.float64) + 300) / 1000 * 255)))


def test_holes_in_a_float_image_are_black(tmp_path: Path) -> None:
    grey = gradient(top=100).astype(np.float32) + 50
    grey[0, :6] = np.nan, np.inf, -np.inf, 100, 150, 50
    path = saved(Image.fromarray(grey), tmp_path / "a", "TIFF")
    assert pixels(path)[0, :6, 0].tolist() == [0, 0, 0, 128, 255, 0]


def test_a_constant_deep_image_is_black(tmp_path: Path) -> None:
    path = saved(Image.fromarray(np.full((16, 16), 700, np.uint16)), tmp_path / "a", "PNG")
    assert not pixels(path).any()


def test_transparency_is_laid_on_black(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (16, 16), (200, 100, 50, 0))
    half = Image.new("RGBA", (16, 16), (200, 100, 50, 128))
    grey = Image.new("LA", (16, 16), (200, 128))
    found = [pixels(saved(image, tmp_path / "a", "PNG"))[0, 0].tolist() for image in (clear, half, grey)]
    assert found == [[0, 0, 0], [100, 50, 25], [100, 100, 100]]


def test_a_palette_with_a_transparent_colour(tmp_path: Path) -> None:
    image = Image.new("P", (16, 16), 1)
    image.putpalette([9, 9, 9, 200, 100, 50])
    image.putpixel((3, 0), 0)
    shown = pixels(saved(image, tmp_path / "a", "PNG", transparency=1))
    assert (shown[0, 0].tolist(), shown[0, 3].tolist()) == ([0, 0, 0], [9, 9, 9])
    assert pixels(saved(image, tmp_path / "a", "PNG", transparency=b"\xff\x80"))[0, 0].tolist() == [
        100,
        50,
        25,
    ]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_other_modes_become_rgb(tmp_path: Path, mode: str) -> None:
    image = noise().convert(mode)
    path = saved(image, tmp_path / "a", "TIFF")
    assert np.array_equal(pixels(path), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright(tmp_path: Path, kind: str, orientation: int) -> None:
    # A bright corner: where it lies after each of the eight orientations is the EXIF standard's table.
    image = Image.new("L", (40, 24))
    image.paste(255, (0, 0, 16, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    shown = pixels(saved(image, tmp_path / "a", kind, exif=exif))[..., 0]
    assert shown.shape == ((24, 40) if orientation <= 4 else (40, 24))
    rows, columns = np.nonzero(shown > 128)
    top, left = rows.mean() < shown.shape[0] / 2, columns.mean() < shown.shape[1] / 2
    corner = {1: (1, 1), 2: (1, 0), 3: (0, 0), 4: (0, 1), 5: (1, 1), 6: (1, 0), 7: (0, 0), 8: (0, 1)}
    assert (top, left) == corner[orientation]


def test_sixteen_bits_stand_upright_too(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(Image.fromarray(gradient(24, 40, np.uint16, 999)), tmp_path / "a", "PNG", exif=exif)
    assert pixels(path)[..., 0].shape == (40, 24)
    assert pixels(path)[0, -1, 0] == 0


@pytest.mark.parametrize("kind", ["TIFF", "PNG", "WEBP"])
def test_the_named_frame_is_shown(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), (shade,) * 3) for shade in (10, 120, 250)]
    path = saved(frames[0], tmp_path / "a", kind, save_all=True, append_images=frames[1:], lossless=True)
    assert [int(pixels(f"{path}#frame={n}")[5, 5, 0]) for n in (2, 0, 1)] == [250, 10, 120]


def test_frame_0_of_a_single_picture_is_the_picture(tmp_path: Path) -> None:
    path = saved(noise(), tmp_path / "a", "PNG")
    assert np.array_equal(pixels(f"{path}#frame=0"), pixels(path))


def test_the_size_of_a_later_page_counts(tmp_path: Path) -> None:
    pages = [Image.new("L", (32, 32)), Image.new("L", (8, 8))]
    path = saved(pages[0], tmp_path / "a", "TIFF", save_all=True, append_images=pages[1:])
    assert open_image(f"{path}#frame=0").size == (32, 32)
    with pytest.raises(BadImage, match="8 x 8"):
        open_image(f"{path}#frame=1")


def test_another_library_cannot_let_truncated_pictures_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    buffer = io.BytesIO()
    noise().save(buffer, "PNG")
    path = tmp_path / "a"
    path.write_bytes(buffer.getvalue()[:5000])
    with pytest.raises(BadImage):
        open_image(str(path))


def test_a_missing_place_says_no_path(tmp_path: Path) -> None:
    with pytest.raises(BadImage) as caught:
        open_image(str(tmp_path / "Doe_Jane.png"))
    assert str(caught.value) == "there is no such file\nmend the path"


def test_the_file_is_closed_and_unchanged(tmp_path: Path) -> None:
    path = saved(noise(), tmp_path / "a", "TIFF")
    before = Path(path).read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        open_image(path).load()
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_damage_anywhere_is_refused_or_read_and_never_more(tmp_path: Path, kind: str) -> None:
    buffer = io.BytesIO()
    noise(32, 32).save(buffer, kind)
    whole = buffer.getvalue()
    draw = np.random.default_rng(1)
    path = tmp_path / "a"
    outcomes = set()
    for _ in range(150):
        broken = bytearray(whole)
        for position in draw.integers(0, len(whole), 3):
            broken[position] = draw.integers(0, 256)
        path.write_bytes(broken[: draw.integers(1, len(whole))] if draw.random() < 0.3 else broken)
        try:
            outcomes.add(open_image(str(path)).mode)
        except BadImage:
            outcomes.add("refused")
    assert outcomes <= {"RGB", "refused"}
    assert "refused" in outcomes
