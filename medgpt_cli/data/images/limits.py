"""How large, how small and how many: what a picture's header must say before a pixel is decoded.

This module knows numbers alone, no format.
"""

from __future__ import annotations

from medgpt_cli.core.errors import BadImage

MAX_PIXELS = 64_000_000
"""More would be decoded for nothing, or is a decompression bomb."""
MAX_PIXELS_WEBP = 40_000_000
"""libwebp holds two canvases of four bytes a pixel besides the picture."""
MIN_SIDE = 16
"""Pixels; smaller pictures are icons or mistakes."""
MAX_ASPECT = 20
"""Longer side over shorter side."""
MAX_FRAME_BYTES = 256 * 2**20
"""What one frame, slice or cell may take, packed or unpacked; 64 megapixels of 8-bit colour are 183 of them."""
MAX_GROUP_BYTES = 448 * 2**20
"""What a row group of a Parquet file may take unpacked: its pages are often as large as itself, and held twice."""
MAX_VOLUME_BYTES = 4 * 2**30
"""What a volume may take unpacked: it is read through, never held."""
MAX_OPEN_BYTES = 1 * 2**30
"""What opening one picture may add to a process at its peak; the tests measure the worst files that are allowed."""


def refuse_size(width: int, height: int, most: int = MAX_PIXELS) -> None:
    """Refuses a picture by its size in pixels.

    Args:
        width: In pixels.
        height: In pixels.
        most: Pixels allowed in all.

    Raises:
        BadImage: Too large, too small or too long.
    """
    if width < MIN_SIDE or height < MIN_SIDE:
        raise BadImage(
            f"is {width} x {height} pixels, and the smaller side needs {MIN_SIDE}", repair="leave it out"
        )
    if width * height > most:
        raise BadImage(
            f"is {width} x {height} pixels, over the limit of {most // 1_000_000} megapixels",
            repair="make it smaller, or cut out the region that matters",
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise BadImage(
            f"is {width} x {height} pixels, more than {MAX_ASPECT} times as long as wide",
            repair="cut out the region that matters",
        )


def pick_frame(frames: int, wanted: int | None, word: str = "frame") -> int:
    """The frame to show; which of several is never guessed.

    Args:
        frames: How many the file holds.
        wanted: The N of `#frame=N`, or None.
        word: What the format calls them.

    Raises:
        BadImage: Several and none was named, or one beyond the last.
    """
    if wanted is None:
        if frames > 1:
            raise BadImage(
                f"holds {frames} {word}s",
                repair=f"name one: #frame=0 to #frame={frames - 1} behind the path",
            )
        return 0
    if wanted >= frames:
        raise BadImage(
            f"has no frame {wanted}: it holds {frames} {word}{'' if frames == 1 else 's'}, counted from 0",
            repair=f"name one up to #frame={frames - 1}",
        )
    return wanted
