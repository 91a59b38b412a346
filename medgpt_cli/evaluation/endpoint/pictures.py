"""Pictures as data URLs, the latest kept: several questions are asked about one picture.

This module knows nothing of how a picture is opened; it is handed a function that makes its PNG.
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Callable

from medgpt_cli.core.errors import BadImage

KEPT = 16
"""Pictures kept; one is up to 17 MB as text."""

LARGEST = 32 * 2**20
"""Bytes of a picture that is sent."""


class DataUrls:
    """From a picture's path to its data URL.

    Args:
        picture: A path to the bytes of a PNG.
    """

    def __init__(self, picture: Callable[[str], bytes]) -> None:
        self._picture = picture
        self._kept: OrderedDict[str, str] = OrderedDict()

    def __call__(self, path: str) -> str:
        """The data URL of a picture.

        Raises:
            BadImage: It cannot be opened, or has more than `LARGEST` bytes.
        """
        if path not in self._kept:
            png = self._picture(path)
            if len(png) > LARGEST:
                raise BadImage(f"a picture of {len(png):,} bytes is not sent", repair="send it smaller")
            self._kept[path] = "data:image/png;base64," + base64.b64encode(png).decode("ascii")
        self._kept.move_to_end(path)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[path]
