"""Burned-in text: what is found, what is left alone, and what is said of the rest."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from medgpt_cli.core.errors import Missing
from medgpt_cli.data.privacy import burned_in
from medgpt_cli.data.privacy.burned_in import (
    Box,
    blank,
    is_marker,
    merged,
    outside,
    raised_contrast,
    text_boxes,
)

ROWS, COLUMNS = 320, 480


def film(*words: tuple[str, tuple[int, int], int, int], ground: int = 70) -> np.ndarray:
    """A grey picture with words as (text, place, height in pixels, grey value)."""
    picture = Image.new("L", (COLUMNS, ROWS), ground)
    draw = ImageDraw.Draw(picture)
    for text, place, height, grey in words:
        draw.text(place, text, fill=grey, font=ImageFont.load_default(height))
    return np.asarray(picture)


def covered(boxes: list[Box], left: int, top: int, right: int, bottom: int) -> bool:
    return any(
        b.left <= left and b.top <= top and b.right >= right and b.bottom >= bottom for b in boxes
    )


def test_a_name_is_found_and_markers_stay() -> None:
    picture = film(("BROWN^JOHN 48291035", (20, 20), 22, 255), ("PORTABLE", (330, 280), 20, 255))
    boxes = text_boxes(picture)
    assert covered(boxes, 22, 26, 240, 40)
    assert not any(box.top > 200 for box in boxes)
    cleaned = picture.copy()
    blank(cleaned, boxes)
    assert text_boxes(cleaned) == []
    assert (cleaned[270:] == picture[270:]).all()


def test_pale_text_is_found_by_the_second_pass_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = film(("BROWN JOHN", (40, 100), 26, 198), ground=191)
    assert covered(text_boxes(picture), 45, 108, 190, 122)
    monkeypatch.setattr(burned_in, "raised_contrast", lambda seen: seen)
    assert text_boxes(picture) == []


def test_a_picture_without_text_bears_none() -> None:
    ramp = np.tile(np.linspace(0, 255, COLUMNS).astype(np.uint8), (ROWS, 1))
    assert text_boxes(ramp) == []
    assert text_boxes(np.zeros((64, 64, 3), np.uint8)) == []


def test_a_large_picture_is_read_in_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burned_in, "TILE", 300)
    monkeypatch.setattr(burned_in, "OVERLAP", 100)
    boxes = text_boxes(film(("4829", (400, 280), 24, 255), ("1035", (20, 20), 24, 255)))
    assert any(box.left > 380 and box.top > 260 for box in boxes)
    assert any(box.right < 120 and box.bottom < 70 for box in boxes)


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("L", True), ("R", True), ("PORTABLE", True), ("AP ERECT", True), ("AP SUPINE 14:25", True), ("10:15 PM", True),
        ("7", True), ("", True), ("BROWN", False), ("48291035", False), ("L BROWN", False), ("12/03/2019", False),
        ("AP 12.03.2019", False), ("DOB", False),
    ],
)  # fmt: skip
def test_what_films_legitimately_bear(text: str, marker: bool) -> None:
    assert is_marker(text) is marker


def test_contrast_is_raised_where_it_is_low() -> None:
    pale = film(("M", (100, 100), 40, 196), ground=191)
    assert int(pale.max()) - int(pale.min()) == 5
    raised = raised_contrast(pale)
    assert int(raised.max()) - int(raised.min()) > 100


@pytest.mark.parametrize("shape", [(40, 60), (40, 60, 3), (4, 40, 60), (4, 40, 60, 3)])
def test_every_frame_is_blanked(shape: tuple[int, ...]) -> None:
    pixels = np.full(shape, 9, np.uint8)
    blank(pixels, [Box(10, 5, 30, 25)], 1)
    rows = pixels.ndim - (3 if shape[-1] == 3 else 2)
    assert (pixels.take(range(5, 25), rows).take(range(10, 30), rows + 1) == 1).all()
    assert (pixels == 1).sum() == 20 * 20 * pixels.size // (40 * 60)


def test_what_lies_around_the_regions_of_an_ultrasound() -> None:
    mask = np.ones((40, 60), int)
    for box in outside([Box(10, 5, 30, 25), Box(35, 8, 50, 30)], 40, 60):
        mask[box.top : box.bottom, box.left : box.right] = 0
    assert mask.sum() == 40 * 25
    assert mask[5:30, 10:50].all()
    assert outside([], 40, 60) == []


def test_boxes_inside_others_are_left_out() -> None:
    assert merged([Box(1, 1, 9, 9), Box(2, 2, 5, 5), Box(1, 1, 9, 9)]) == [Box(1, 1, 9, 9)]


@pytest.fixture
def _without_rapidocr(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = builtins.__import__

    def refuse(name: str, *rest: object, **more: object) -> object:
        if name.startswith("rapidocr"):
            raise ImportError(name)
        return real(name, *rest, **more)  # type: ignore[arg-type]

    burned_in._engine.cache_clear()
    monkeypatch.setattr(builtins, "__import__", refuse)
    yield
    burned_in._engine.cache_clear()


@pytest.mark.usefixtures("_without_rapidocr")
def test_without_the_extra_it_is_said_how_to_get_it() -> None:
    with pytest.raises(Missing) as missing:
        text_boxes(film())
    assert str(missing.value) == (
        "looking for burned-in text needs the extra [ocr]\n"
        "pip install 'medgpt[ocr]'; or leave the pixels unread with --ocr off, which the manifest then says"
    )
