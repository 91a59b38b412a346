"""A picture as one square, or as a grid of several with a thumbnail, so that a tower of few pixels sees small things.

What counts is how many of the picture's own pixels a grid keeps (LLaVA-NeXT's measure, its `select_best_resolution`).
A grid is worth its tokens where each of its squares brings more than half of what the picture whole in one square
shows; of these the smallest is taken that keeps three quarters of what any keeps.  So a picture that one square holds
stays whole, and nothing is paid for a few pixels more.  Nothing is stretched or cropped: the picture is padded to the
grid's shape, as everywhere here, so that a heart keeps its width.

Beside the picture itself this takes no more than 12 bytes for each pixel of the grid (its canvas, the picture drawn to
fit it, and the squares), and what `letterbox` takes before.  This module knows nothing of files.
"""

from __future__ import annotations

from PIL import Image

from medgpt_cli.data.images.letterbox import FILL, letterbox

Grid = tuple[int, int]
"""Columns and rows."""


def grid_of(width: int, height: int, size: int, max_tiles: int) -> Grid:
    """How many squares across and down.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        size: Side of a square in pixels.
        max_tiles: Squares at most, without the thumbnail.

    Returns:
        (columns, rows), columns x rows <= max_tiles.

    Raises:
        ValueError: `max_tiles` is below 1.
    """
    if max_tiles < 1:
        raise ValueError("max_tiles must be at least 1")
    grids = {
        (columns, rows): _kept(width, height, (columns, rows), size)
        for columns in range(1, max_tiles + 1)
        for rows in range(1, max_tiles // columns + 1)
    }
    whole = grids[1, 1]
    worth = {
        grid: kept
        for grid, kept in grids.items()
        if grid == (1, 1) or 2 * kept > grid[0] * grid[1] * whole
    }
    enough = 3 * max(worth.values())
    found = [grid for grid, kept in worth.items() if 4 * kept >= enough]
    return min(found, key=lambda grid: (grid[0] * grid[1], -worth[grid], grid))


def tiles_in(width: int, height: int, size: int, max_tiles: int) -> int:
    """How many squares `tiles_of` makes of a picture of these pixels, the thumbnail counted."""
    columns, rows = grid_of(width, height, size, max_tiles)
    return columns * rows + 1 if columns * rows > 1 else 1


def tiles_of(image: Image.Image, size: int, max_tiles: int) -> list[Image.Image]:
    """The squares of a picture, row by row, and behind them the whole picture as one where they are several.

    Args:
        image: Any size; RGB, or converted to it.
        size: Side of each square in pixels.
        max_tiles: Squares at most, without the thumbnail; 1 for the letterboxed picture alone.

    Returns:
        RGB pictures of size x size: 1, or 3 to max_tiles + 1.

    Raises:
        ValueError: `max_tiles` is below 1.
    """
    columns, rows = grid = grid_of(*image.size, size, max_tiles)
    whole = letterbox(image, size)
    if columns * rows == 1:
        return [whole]
    canvas = Image.new("RGB", (columns * size, rows * size), FILL)
    image = image if image.mode == "RGB" else image.convert("RGB")  # which would copy one of many pixels
    drawn = image.resize(_fitted(*image.size, grid, size), Image.Resampling.BICUBIC)
    canvas.paste(drawn, ((canvas.width - drawn.width) // 2, (canvas.height - drawn.height) // 2))
    squares = [
        canvas.crop((x * size, y * size, (x + 1) * size, (y + 1) * size))
        for y in range(rows)
        for x in range(columns)
    ]
    return [*squares, whole]


def _kept(width: int, height: int, grid: Grid, size: int) -> int:
    """The picture's own pixels that a grid shows; enlarging it adds none."""
    across, down = _fitted(width, height, grid, size)
    return min(across * down, width * height)


def _fitted(width: int, height: int, grid: Grid, size: int) -> tuple[int, int]:
    """The picture's pixels when it is drawn as large as the grid allows, its shape kept."""
    across, down = grid[0] * size, grid[1] * size
    if across * height <= down * width:
        return across, max(1, across * height // width)
    return max(1, down * width // height), down
