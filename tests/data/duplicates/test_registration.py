"""Two pictures laid over each other."""

from __future__ import annotations

import pytest
from PIL import Image

from medgpt_cli.data.duplicates.pictures import image_print
from medgpt_cli.data.duplicates.registration import SAME, agreement, look
from tests.pictures import film

WHOLE = (0.0, 0.0, 1.0, 1.0)
FILMS = [film(seed) for seed in range(6)]


def seen(image: Image.Image):
    return look(image_print(image).thumbnail)


def cut(image: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    left, top, right, bottom = box
    return image.crop(
        (
            round(left * image.width),
            round(top * image.height),
            round(right * image.width),
            round(bottom * image.height),
        )
    )


@pytest.mark.parametrize(
    "box", [WHOLE, (0.05, 0.05, 0.95, 0.95), (0.0, 0.04, 0.97, 1.0), (0.03, 0, 0.98, 0.96)]
)
def test_a_cut_lies_on_the_whole_though_its_place_is_known_roughly(box: tuple[float, ...]) -> None:
    roughly = tuple(round(side / 0.025) * 0.025 for side in box)
    for image in FILMS:
        assert agreement(seen(image), seen(cut(image, box)), roughly) > SAME + 0.05


def test_different_films_do_not_lie_on_each_other() -> None:
    for one in range(6):
        for other in range(6):
            if one != other:
                assert agreement(seen(FILMS[one]), seen(FILMS[other]), WHOLE) < SAME - 0.05


def test_a_picture_without_structure_agrees_with_nothing() -> None:
    assert agreement(seen(Image.new("RGB", (90, 90))), seen(FILMS[0]), WHOLE) == -1.0
