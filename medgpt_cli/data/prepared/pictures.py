"""The pictures of a record, each decoded once: whether it opens, its print, and its bytes where they are embedded.

What is embedded shows what the model sees and nothing else: a PNG or JPEG that carries no notes is taken as it is, and
everything else is written anew as PNG.  This module knows nothing of records.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.duplicates.pictures import ImagePrint, image_print
from medgpt_cli.data.images.apart import open_apart
from medgpt_cli.data.images.flags import flags_of
from medgpt_cli.data.images.formats import HEAD, format_of
from medgpt_cli.data.images.hashing import hash_picture

REMEMBERED = 48 * 2**20
"""Bytes of prints and of pictures to embed that are kept for the next records, which often show the same ones: some
3,000 pictures where none is embedded."""
_HARMLESS = {
    *("jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "progressive", "progression"),
    *("adobe", "adobe_transform", "gamma", "srgb", "interlace", "aspect"),
}
"""What Pillow tells of a file that is no note about the picture."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is kept of a picture.

    Attributes:
        prints: By what its copies are known.
        flags: What is odd about it.
        bytes: To embed; empty where pictures are referenced.
        sha256: Of its file where it is referenced, in hexadecimal; else empty.
    """

    prints: ImagePrint
    flags: tuple[str, ...]
    bytes: bytes
    sha256: str

    @property
    def size(self) -> int:
        """Bytes it takes, about."""
        return len(self.bytes) + self.prints.thumbnail.nbytes

    @property
    def name(self) -> str:
        """A file name that says nothing but what the pixels are."""
        ending = "jpg" if self.bytes.startswith(b"\xff\xd8") else "png"
        return f"{self.prints.pixels.hex()}.{ending}"


class Pictures:
    """Opens pictures, and remembers the last ones.

    Args:
        embed: Whether their bytes are wanted.
    """

    def __init__(self, *, embed: bool) -> None:
        self._embed = embed
        self._known: OrderedDict[str, Picture] = OrderedDict()
        self._held = 0

    def look(self, path: str) -> Picture:
        """What is kept of the picture at a path.

        Raises:
            BadImage: It cannot or must not be opened.
        """
        if path in self._known:
            self._known.move_to_end(path)
            return self._known[path]
        image = open_apart(path)
        data = _embeddable(path, image) if self._embed else b""
        found = Picture(image_print(image), flags_of(image), data, "" if self._embed else _hash(path))
        if found.size > REMEMBERED // 3:
            return found  # it would push out all the others
        self._known[path] = found
        self._held += found.size
        while self._held > REMEMBERED:
            self._held -= self._known.popitem(last=False)[1].size
        return found


def _hash(path: str) -> str:
    try:
        return hash_picture(path).hex()
    except OSError:
        raise BadImage("was taken away while it was read") from None


def _embeddable(path: str, image: Image.Image) -> bytes:
    if "#" not in path:
        data = Path(path).read_bytes()
        if format_of(data[:HEAD]) in ("PNG", "JPEG") and _says_only_pixels(data):
            return data
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _says_only_pixels(data: bytes) -> bool:
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
        image.load()  # notes may stand behind the pixels
        return image.mode in ("L", "RGB") and _HARMLESS.issuperset(image.info)
