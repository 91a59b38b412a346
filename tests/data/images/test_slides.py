from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile
from PIL import Image

from medgpt_cli.core.errors import BadImage, Missing
from medgpt_cli.data.images import slides
from medgpt_cli.data.images.flags import flags_of
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.images.whole import verify_image

SIDES = (2048, 1024, 512)
WHOLE = "#x=0&y=0&width=2048&height=2048"


def tissue(side: int = 2048) -> np.ndarray:
    """(side, side, 3), a colour that tells the place."""
    ramp = np.linspace(0, 255, side).astype(np.uint8)
    return np.stack(np.broadcast_arrays(ramp[None, :], ramp[:, None], np.uint8(77)), axis=-1)


@pytest.fixture(scope="module", name="slide")
def _slide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiled pyramid of three levels, its tiles not compressed, so that pixels can be compared."""
    path = tmp_path_factory.mktemp("slides") / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for level, side in enumerate(SIDES):
            writer.write(
                tissue()[:: 2**level, :: 2**level][:side, :side],
                tile=(256, 256), photometric="rgb", subfiletype=int(level > 0), metadata=None,
            )  # fmt: skip
    return path


def refusal(reference: str) -> str:
    with pytest.raises(BadImage) as caught:
        open_image(reference)
    return caught.value.what


def test_a_region_is_what_stands_there(slide: Path) -> None:
    found = np.asarray(open_image(f"{slide}#x=100&y=300&width=64&height=48"))
    assert np.array_equal(found, tissue()[300:348, 100:164])


def test_a_region_of_a_level_begins_where_level_0_says(slide: Path) -> None:
    found = np.asarray(open_image(f"{slide}#x=400&y=800&width=32&height=40&level=2"))
    assert np.array_equal(found, tissue()[::4, ::4][200:240, 100:132])


def test_openslide_is_asked_for_no_more_than_pixels(slide: Path) -> None:
    with openslide.OpenSlide(slide) as reader:
        theirs = np.asarray(reader.read_region((512, 256), 1, (100, 90)).convert("RGB"))
    assert np.array_equal(
        np.asarray(open_image(f"{slide}#x=512&y=256&width=100&height=90&level=1")), theirs
    )


@pytest.mark.parametrize(("x", "y"), [(-32, 0), (2016, 0), (0, -32), (0, 2016)])
def test_what_was_not_scanned_is_white(slide: Path, x: int, y: int) -> None:
    found = np.asarray(open_image(f"{slide}#x={x}&y={y}&width=64&height=64"))
    outside = found[:, :32] if x < 0 else found[:, 32:] if x else found[:32] if y < 0 else found[32:]
    inside = found[:, 32:] if x < 0 else found[:, :32] if x else found[32:] if y < 0 else found[:32]
    assert (outside == 255).all()
    assert (inside[..., 2] == 77).all()


def test_alpha_is_laid_on_white() -> None:
    region = Image.new("RGBA", (1, 1), (0, 0, 0, 128))
    assert slides._on_white(region).getpixel((0, 0)) == (127, 127, 127)


@pytest.mark.parametrize("name", ["a.svs", "A.SVS", "a.ndpi"])
def test_without_a_region_a_slide_is_shown_small_and_said_to_be(
    slide: Path, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(slide.read_bytes())
    image = open_image(str(path))
    assert image.size == (1024, 1024)
    assert flags_of(image) == ("slide-thumbnail",)
    assert np.abs(np.asarray(image).astype(int) - tissue()[::2, ::2]).max() <= 1
    assert "level 0" in slides.HINT


def test_a_tiled_tiff_too_large_for_a_picture_is_a_slide(
    slide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal(str(slide)) == "holds 3 pages"
    monkeypatch.setattr(slides, "MAX_PIXELS", 2_000_000)
    assert flags_of(open_image(str(slide))) == ("slide-thumbnail",)


def test_a_large_tiff_without_tiles_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((8200, 8200), np.uint8))
    assert refusal(str(path)) == "is 8200 x 8200 pixels, over the limit of 64 megapixels"


def test_a_slide_without_a_small_level_asks_for_a_region(
    slide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slides, "MAX_PIXELS", 100_000)
    assert refusal(str(slide)) == "is a slide without a small level"
    with pytest.raises(BadImage, match="small level"):
        verify_image(str(slide))


@pytest.mark.parametrize(
    ("fragment", "what"),
    [
        ("#x=0&y=0&width=64", "has a region that is not complete"),
        ("#level=1", "has a region that is not complete"),
        ("#x=0&y=0&width=64&height=64&level=3", "has no level 3: it holds 3, counted from 0"),
        ("#x=2048&y=0&width=64&height=64", "has nothing there: it is 2048 x 2048 pixels"),
        ("#x=0&y=-64&width=64&height=64", "has nothing there: it is 2048 x 2048 pixels"),
        ("#x=0&y=0&width=9000&height=9000", "is 9000 x 9000 pixels, over the limit of 64 megapixels"),
        ("#x=0&y=0&width=8&height=64", "is 8 x 64 pixels, and the smaller side needs 16"),
        ("#x=0&y=0&width=64&height=64&frame=1", "is a slide and cannot be asked for frame"),
    ],
)
def test_a_region_that_cannot_be_read_is_refused(slide: Path, fragment: str, what: str) -> None:
    assert refusal(f"{slide}{fragment}") == what
    with pytest.raises(BadImage):
        verify_image(f"{slide}{fragment}")


def test_what_is_no_slide_cannot_be_asked_for_a_region(tmp_path: Path) -> None:
    Image.new("L", (64, 64)).save(tmp_path / "a.png")
    assert refusal(f"{tmp_path}/a.png#x=0&y=0&width=16&height=16") == "is no slide that OpenSlide reads"


def test_a_damaged_slide_is_refused(slide: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.svs"
    whole = slide.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    assert refusal(f"{path}{WHOLE}") in ("is a damaged slide", "is no slide that OpenSlide reads")
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + bytes(99))
    assert refusal(str(path)) == "is no slide that OpenSlide reads"


def test_without_the_extra_the_line_to_install_it_is_given(
    slide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openslide", None)
    for opener in (open_image, verify_image):
        with pytest.raises(Missing) as caught:
            opener(f"{slide}{WHOLE}")
        assert str(caught.value).endswith("\npip install 'medgpt[pathology]'")
        assert caught.value.exit_code == 5


def test_nothing_said_beside_the_pixels_is_kept(slide: Path) -> None:
    assert list(open_image(f"{slide}{WHOLE}").info) == ["medgpt_flags"]
