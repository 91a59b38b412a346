"""A picture as several squares and a thumbnail, so that a tower of few pixels sees small things.

The grid is chosen as InternVL does (Chen et al., "How Far Are We to GPT-4V?", arXiv 2404.16821, section 3: dynamic
resolution): of all grids of at most so many squares the one whose shape is nearest the picture's, and among equals a
larger one only where the picture has the pixels for it.  Unlike there nothing is stretched: the picture is padded to
the grid's shape, as everywhere here, so that a heart keeps its width.  This module knows nothing of files.
"""

from __future__ import annotations

from PIL import Image

from medgpt_cli.data.images.letterbox import FILL, letterbox


def grid_of(width: int, height: int, size: int, max_tiles: int) -> tuple[int, int]:
    """How many squares across and down.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        size: Side of a square in pixels.
        max_tiles: Squares at most, without the thumbnail.

    Returns:
        (columns, rows), columns x rows <= max_tiles.
    """
    grids = sorted(
        (
            (columns, rows)
            for columns in range(1, max_tiles + 1)
            for rows in range(1, max_tiles // columns + 1)
        ),
        key=lambda grid: (grid[0] * grid[1], grid),
    )
    best, nearest = (1, 1), float("inf")
    for columns, rows in grids:
        distance = abs(width / height - columns / rows)
        enough = width * height > 0.5 * size * size * columns * rows
        if distance < nearest or (distance == nearest and enough):
            best, nearest = (columns, rows), distance
    return best


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
    if max_tiles < 1:
        raise ValueError("max_tiles must be at least 1")
    columns, rows = grid_of(*image.size, size, max_tiles)
    if columns * rows == 1:
        return [letterbox(image, size)]
    scale = min(columns * size / image.width, rows * size / image.height)
    fitted = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    canvas = Image.new("RGB", (columns * size, rows * size), FILL)
    corner = (canvas.width - fitted[0]) // 2, (canvas.height - fitted[1]) // 2
    canvas.paste(image.convert("RGB").resize(fitted, Image.Resampling.BICUBIC), corner)
    squares = [
        canvas.crop((x * size, y * size, (x + 1) * size, (y + 1) * size))
        for y in range(rows)
        for x in range(columns)
    ]
    return [*squares, letterbox(image, size)]
