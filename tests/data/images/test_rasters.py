"""What is decided about ordinary picture files; that they open at all is `test_reading`."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.flags import flags_of
from medgpt_cli.data.images.limits import MAX_PIXELS_WEBP, refuse_size
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.images.whole import verify_image
from tests.data.images.pictures import gradient, noise

FRAMES = [Image.new("RGB", (64, 64), (shade, 0, 0)) for shade in (10, 120, 250)]


def saved(path: Path, kind: str, image: Image.Image | None = None, **options: object) -> str:
    (image or noise()).save(path, kind, **options)
    return str(path)


def test_pillows_own_way_would_turn_a_film_white(tmp_path: Path) -> None:
    film = gradient(64, 64, np.uint16, 4095)
    path = saved(tmp_path / "a", "PNG", Image.fromarray(film))
    with Image.open(path) as image:
        assert (np.asarray(image.convert("L")) == 255).mean() > 0.9  # the trap
    assert np.array_equal(np.asarray(open_image(path))[..., 0], np.rint(film / 4095 * 255))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "deflate", "lzw"])
@pytest.mark.parametrize("tile", [None, (32, 32)])
def test_sixteen_bit_tiff_as_others_write_it(
    tmp_path: Path, order: str, compression: str | None, tile: tuple[int, int] | None
) -> None:
    film = gradient(64, 96, np.uint16, 4095)
    tifffile.imwrite(tmp_path / "a", film, byteorder=order, compression=compression, tile=tile)
    assert np.array_equal(
        np.asarray(open_image(str(tmp_path / "a")))[..., 0], np.rint(film / 4095 * 255)
    )


@pytest.mark.parametrize("kind", ["GIF", "BMP"])
def test_gif_and_bmp_open(tmp_path: Path, kind: str) -> None:
    image = noise().quantize(64).convert("RGB")
    path = saved(tmp_path / "a", kind, image)
    assert np.array_equal(np.asarray(open_image(path)), np.asarray(image))
    verify_image(path)


@pytest.mark.parametrize("kind", ["GIF", "BMP"])
def test_gif_and_bmp_cut_short_are_refused(tmp_path: Path, kind: str) -> None:
    path = Path(saved(tmp_path / "a", kind))
    path.write_bytes(path.read_bytes()[:-1500])
    for opener in (open_image, verify_image):
        with pytest.raises(BadImage, match="damaged or cut short"):
            opener(str(path))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_one_frame_is_named_and_none_guessed(tmp_path: Path, kind: str) -> None:
    path = saved(tmp_path / "a", kind, FRAMES[0], save_all=True, append_images=FRAMES[1:], lossless=True)
    with pytest.raises(BadImage, match="holds 3"):
        open_image(path)
    found = [int(np.asarray(open_image(f"{path}#frame={n}"))[5, 5, 0]) for n in (2, 0, 1)]
    assert np.abs(np.subtract(found, [250, 10, 120])).max() <= 3


def test_of_a_cameras_file_the_photo_is_shown_and_the_preview_can_be_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", "MPO", FRAMES[2], save_all=True, append_images=FRAMES[:1])
    image = open_image(path)
    assert abs(int(np.asarray(image)[5, 5, 0]) - 250) <= 2
    assert "first-of-several-pictures" in flags_of(image)
    assert abs(int(np.asarray(open_image(f"{path}#frame=1"))[5, 5, 0]) - 10) <= 2


def test_cmyk_jpeg_keeps_its_colours(tmp_path: Path) -> None:
    image = Image.new("RGB", (64, 64), (180, 90, 30))
    found = np.asarray(open_image(saved(tmp_path / "a", "JPEG", image.convert("CMYK"), quality=95)))
    assert np.abs(found.astype(int) - np.array([180, 90, 30])).max() <= 4


def test_lab_is_refused_by_name(tmp_path: Path) -> None:
    lab = ImageCms.profileToProfile(
        noise(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    with pytest.raises(BadImage) as caught:
        open_image(saved(tmp_path / "a", "TIFF", lab))
    assert str(caught.value) == "is in the LAB colour space\nsave it as RGB"


def test_deep_colour_is_shown_by_its_upper_bits_and_said(tmp_path: Path) -> None:
    deep = np.stack([gradient(64, 64, np.uint16, 65535)] * 3, axis=-1)
    tifffile.imwrite(tmp_path / "a", deep, photometric="rgb")
    image = open_image(str(tmp_path / "a"))
    assert np.array_equal(np.asarray(image), deep >> 8)
    assert flags_of(image) == ("colour-cut-to-8-bits",)


def test_a_16_bit_film_with_alpha_is_said_too(tmp_path: Path) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    film = np.stack([gradient(64, 64, np.uint16, 4095), np.full((64, 64), 65535, np.uint16)], axis=-1)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(film))
    assert "colour-cut-to-8-bits" in flags_of(open_image(str(tmp_path / "a.png")))


def test_webp_has_a_lower_cap(tmp_path: Path) -> None:
    path = Path(saved(tmp_path / "a", "WEBP", lossless=True))
    raw = bytearray(path.read_bytes())
    refuse_size(8000, 6000)
    with pytest.raises(BadImage, match="over the limit of 40 megapixels"):
        refuse_size(8000, 6000, MAX_PIXELS_WEBP)
    at = raw.index(b"VP8L") + 9
    raw[at : at + 4] = ((7999) | (5999 << 14)).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(BadImage, match="8000 x 6000 pixels, over the limit of 40 megapixels"):
        open_image(str(path))


@pytest.mark.parametrize("kind", ["GIF", "BMP"])
def test_damage_anywhere_is_refused_or_read_and_never_more(tmp_path: Path, kind: str) -> None:
    buffer = io.BytesIO()
    noise(32, 32).save(buffer, kind)
    whole = buffer.getvalue()
    draw = np.random.default_rng(1)
    path = tmp_path / "a"
    outcomes = set()
    for _ in range(150):
        broken = bytearray(whole)
        for position in draw.integers(0, 900, 3):
            broken[position] = draw.integers(0, 256)
        path.write_bytes(broken[: draw.integers(1, len(whole))] if draw.random() < 0.3 else broken)
        try:
            outcomes.add(open_image(str(path)).mode)
        except BadImage:
            outcomes.add("refused")
    assert outcomes == {"RGB", "refused"}
