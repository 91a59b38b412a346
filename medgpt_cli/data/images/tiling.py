"""The one way from a picture's reference to the ordinary images that a model is shown: one square, or several.

Training, preview, chat, evaluation and serving all go through here, so a model always sees what it was taught on.
This module knows nothing of models: it is handed the side of a square and how many a picture may become.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from PIL import Image

from medgpt_cli.core.errors import MedGPTError
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.images.sizes import picture_size
from medgpt_cli.data.images.tiles import tiles_in, tiles_of

OpenPicture = Callable[[str], Image.Image]

REMEMBERED = 2**18
"""Counts kept, a few bytes each beside the reference: the same film is often shown by many records."""


class Tiling:
    """How pictures become squares.

    Args:
        size: Side of a square in pixels.
        max_tiles: Squares a picture may become, without its thumbnail; 1 keeps every picture whole.
        open_picture: Opens what a reference names.
        stamp: Changes when what a reference leads to changes, such as a file's time.
    """

    def __init__(
        self,
        size: int,
        max_tiles: int,
        open_picture: OpenPicture = open_image,
        stamp: Callable[[str], str] = str,
    ) -> None:
        self.size = size
        self.max_tiles = max_tiles
        self._open = open_picture
        self._stamp = stamp
        self._count = lru_cache(maxsize=REMEMBERED)(self._counted)

    def count(self, reference: str) -> int:
        """How many squares `cut` makes of a picture, thumbnail included; where one is the most, nothing is opened.

        A picture that cannot be opened counts as one square: whoever opens it says what is wrong.
        """
        return 1 if self.max_tiles == 1 else self._count(reference, self._stamp(reference))

    def cut(self, reference: str) -> list[Image.Image]:
        """The squares of a picture, row by row, and its thumbnail behind them; the picture alone where it is small.

        Raises:
            BadImage: It cannot or must not be opened.
        """
        return tiles_of(self._open(reference), self.size, self.max_tiles)

    def _counted(self, reference: str, _stamp: str) -> int:
        try:
            size = picture_size(reference) if self._open is open_image else self._open(reference).size
        except MedGPTError:
            return 1
        return tiles_in(*size, self.size, self.max_tiles)
