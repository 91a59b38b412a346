from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from transformers.image_processing_utils import select_best_resolution

from medgpt_cli.data.images.letterbox import FILL, letterbox
from medgpt_cli.data.images.tiles import grid_of, tiles_in, tiles_of
from tests.data.images.pictures import noise

SIZES = np.random.default_rng(0).integers(16, 5000, (60, 2)).tolist()


@pytest.mark.parametrize(
    ("size", "grids"),
    [
        # width and height; the grid of at most 1, 2, 4, 6, 9 and 12 tiles of 336 pixels
        ((336, 336), "1x1 1x1 1x1 1x1 1x1 1x1"),  # one tile holds it
        ((330, 16), "1x1 1x1 1x1 1x1 1x1 1x1"),
        ((337, 337), "1x1 1x1 1x1 1x1 1x1 1x1"),  # a pixel more is not worth four tiles
        ((474, 474), "1x1 1x1 1x1 1x1 1x1 1x1"),
        ((476, 476), "1x1 1x1 2x2 2x2 2x2 2x2"),  # twice the pixels of one tile
        ((512, 512), "1x1 1x1 2x2 2x2 2x2 2x2"),
        ((640, 480), "1x1 2x1 2x2 2x2 2x2 2x2"),
        ((1000, 250), "1x1 2x1 3x1 3x1 3x1 3x1"),  # three tiles hold it, so more are not taken
        ((1024, 768), "1x1 2x1 2x2 3x2 3x2 3x2"),
        ((768, 1024), "1x1 1x2 2x2 2x3 2x3 2x3"),  # as lying, so standing
        ((2544, 3056), "1x1 1x2 2x2 2x3 3x3 3x4"),  # a chest film
        ((3056, 2544), "1x1 2x1 2x2 3x2 3x3 4x3"),
        ((3000, 3000), "1x1 1x1 2x2 2x2 3x3 3x3"),
        ((5000, 500), "1x1 2x1 4x1 6x1 8x1 9x1"),  # a strip of an ECG: ten tiles hold it as high as one
    ],
)
def test_the_grid_of(size: tuple[int, int], grids: str) -> None:
    found = [grid_of(*size, 336, most) for most in (1, 2, 4, 6, 9, 12)]
    assert " ".join(f"{columns}x{rows}" for columns, rows in found) == grids


def kept(width: int, height: int, columns: int, rows: int) -> int:
    """A picture's own pixels on a grid of 336, in exact fractions."""
    scale = min(Fraction(columns * 336, width), Fraction(rows * 336, height))
    return min(int(width * scale) * int(height * scale), width * height)


@pytest.mark.parametrize("most", [2, 4, 12, 40])
def test_a_grid_keeps_three_quarters_of_what_any_keeps_and_no_smaller_one_does(most: int) -> None:
    for width, height in SIZES:
        columns, rows = grid_of(width, height, 336, most)
        assert columns * rows <= most
        every = {(c, r) for c in range(1, most + 1) for r in range(1, most // c + 1)}
        one = kept(width, height, 1, 1)
        worth = {(1, 1)} | {g for g in every if kept(width, height, *g) > g[0] * g[1] * one / 2}
        wanted = Fraction(3, 4) * max(kept(width, height, *grid) for grid in worth)
        good = {grid for grid in worth if kept(width, height, *grid) >= wanted}
        assert (columns, rows) in good
        assert columns * rows == min(c * r for c, r in good)


@pytest.mark.parametrize("most", [4, 12])
def test_a_grid_costs_no_more_tiles_than_llava_nexts_and_keeps_three_quarters_of_its_pixels(
    most: int,
) -> None:
    every = [(r * 336, c * 336) for c in range(1, most + 1) for r in range(1, most // c + 1)]
    for width, height in SIZES:
        columns, rows = grid_of(width, height, 336, most)
        down, across = (side // 336 for side in select_best_resolution((height, width), every))
        theirs = kept(width, height, across, down)
        if 2 * theirs > across * down * kept(width, height, 1, 1):  # else it is not worth its tokens
            assert columns * rows <= across * down
            assert 4 * kept(width, height, columns, rows) >= 3 * theirs


@pytest.mark.parametrize("most", [1, 6, 12])
def test_a_picture_on_its_side_has_its_grid_on_its_side(most: int) -> None:
    for width, height in SIZES:
        assert grid_of(height, width, 336, most) == grid_of(width, height, 336, most)[::-1]


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


def test_there_are_as_many_squares_as_were_counted() -> None:
    for width, height in [(60, 50), (128, 192), (300, 40), (190, 200)]:
        for most in (1, 2, 5, 9):
            squares = tiles_of(noise(height, width), 64, most)
            assert len(squares) == tiles_in(width, height, 64, most)


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
