from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from medgpt_cli.data.images.letterbox import FILL, letterbox
from medgpt_cli.data.images.tiles import grid_of, tiles_of
from tests.data.images.pictures import noise


def internvl(width: int, height: int, size: int, most: int) -> tuple[int, int]:
    """`find_closest_aspect_ratio` of the published preprocessing, as its authors wrote it down."""
    ratios = sorted(
        {
            (i, j)
            for n in range(1, most + 1)
            for i in range(1, n + 1)
            for j in range(1, n + 1)
            if 1 <= i * j <= most
        },
        key=lambda x: (x[0] * x[1], x),
    )
    best_difference, best = float("inf"), (1, 1)
    for ratio in ratios:
        difference = abs(width / height - ratio[0] / ratio[1])
        if difference < best_difference:
            best_difference, best = difference, ratio
        elif difference == best_difference and width * height > 0.5 * size * size * ratio[0] * ratio[1]:
            best = ratio
    return best


@pytest.mark.parametrize("most", [1, 4, 6, 12])
def test_the_grid_is_internvls(most: int) -> None:
    draw = np.random.default_rng(0)
    for width, height in draw.integers(16, 5000, (150, 2)).tolist():
        assert grid_of(width, height, 336, most) == internvl(width, height, 336, most)


@pytest.mark.parametrize(
    ("size", "grid"),
    [
        ((336, 336), (1, 1)),
        ((3000, 3000), (2, 2)),
        ((800, 400), (2, 1)),
        ((2544, 3056), (2, 3)),
        ((300, 1300), (1, 4)),
    ],
)
def test_grids_of_common_shapes(size: tuple[int, int], grid: tuple[int, int]) -> None:
    assert grid_of(*size, 336, 6) == grid


def test_one_square_is_the_letterboxed_picture() -> None:
    (only,) = tiles_of(noise(100, 90), 64, 1)
    assert np.array_equal(np.asarray(only), np.asarray(letterbox(noise(100, 90), 64)))


def test_several_squares_are_the_picture_and_a_thumbnail_follows() -> None:
    image = noise(128, 192)
    *squares, thumbnail = tiles_of(image, 64, 6)
    assert len(squares) == 6
    assert all(each.size == (64, 64) and each.mode == "RGB" for each in (*squares, thumbnail))
    whole = np.concatenate(
        [np.concatenate([np.asarray(t) for t in squares[r * 3 : r * 3 + 3]], 1) for r in (0, 1)]
    )
    assert np.array_equal(whole, np.asarray(image))
    assert np.array_equal(np.asarray(thumbnail), np.asarray(letterbox(image, 64)))


def test_shapes_are_padded_and_never_stretched_or_cropped() -> None:
    image = Image.new("L", (1000, 800), 255)
    *squares, _ = tiles_of(image, 100, 4)
    assert len(squares) == 4
    canvas = np.concatenate(
        [np.concatenate([np.asarray(t) for t in squares[r * 2 : r * 2 + 2]], 1) for r in (0, 1)]
    )
    white = (canvas == 255).all(axis=-1)
    rows, columns = np.nonzero(white)
    assert (np.ptp(columns) + 1, np.ptp(rows) + 1) == (200, 160)  # 1000 x 800 at a fifth, its shape kept
    assert white[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].all()
    assert (canvas[~white] == FILL).all()


def test_none_at_all_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        tiles_of(noise(), 64, 0)
