from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from medgpt_cli.data.images.letterbox import FILL, letterbox
from tests.data.images.pictures import gradient, noise


def test_a_square_of_the_right_size_is_left_alone() -> None:
    image = noise(48, 48)
    assert np.array_equal(np.asarray(letterbox(image, 48)), np.asarray(image))


@pytest.mark.parametrize(
    ("size", "box"),
    [((90, 30), (0, 30, 90, 60)), ((30, 90), (30, 0, 60, 90)), ((90, 31), (0, 29, 90, 60))],
)
def test_the_picture_stands_whole_in_the_middle(
    size: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    image = noise(size[1], size[0])
    square = letterbox(image, 90)
    assert np.array_equal(np.asarray(square.crop(box)), np.asarray(image))
    mask = np.ones((90, 90), bool)
    mask[box[1] : box[3], box[0] : box[2]] = False
    assert (np.asarray(square)[mask] == FILL).all()


def test_resizing_is_bicubic_on_the_padded_square() -> None:
    image = noise(60, 90)
    square = Image.new("RGB", (90, 90), (122, 116, 104))
    square.paste(image, (0, 15))
    for size in (33, 224):
        expected = square.resize((size, size), Image.Resampling.BICUBIC)
        assert np.array_equal(np.asarray(letterbox(image, size)), np.asarray(expected))


def test_it_agrees_with_the_stock_processor_of_llava() -> None:
    processing = pytest.importorskip("transformers.models.llava.image_processing_pil_llava")
    processor = processing.LlavaImageProcessorPil(
        do_pad=True,
        do_center_crop=False,
        size={"height": 56, "width": 56},
        do_rescale=False,
        do_normalize=False,
    )
    image = noise(60, 90)
    theirs = processor(image, return_tensors="np")["pixel_values"][0].transpose(1, 2, 0)
    ours = np.asarray(letterbox(image, 56), np.float64)
    assert np.abs(theirs - ours).max() <= 2


def test_grey_is_made_rgb() -> None:
    assert letterbox(Image.fromarray(gradient()), 32).mode == "RGB"


def test_a_strip_of_allowed_size_needs_no_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medgpt_cli.data.images.letterbox.MAX_PIXELS", 10_000)
    strip = Image.fromarray(np.full((180, 340, 3), (200, 0, 0), np.uint8))
    made = []
    new = Image.new
    monkeypatch.setattr(
        Image, "new", lambda mode, size, colour=0: made.append(size) or new(mode, size, colour)
    )
    square = letterbox(strip, 34)
    assert made == [(85, 85)]
    assert square.size == (34, 34)
    assert (square.getpixel((17, 17)), square.getpixel((17, 2))) == ((200, 0, 0), FILL)
