"""A picture inside a request, as a data URL (RFC 2397); nothing is opened that the request does not bring.

This module decodes base64 and no picture.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from medgpt_cli.core.errors import BadImage
from medgpt_cli.serving.faults import Fault

ONLY_INLINE = (
    "send the picture in the request, as data:image/png;base64,…; addresses and paths are not opened"
)


class Decoded(Protocol):
    """What is known of a picture once it is decoded; `data.images.received` has one."""

    @property
    def image(self) -> Any:
        """RGB, 8 bits."""
        ...

    @property
    def kind(self) -> str:
        """The format, such as `PNG`."""
        ...

    @property
    def frames(self) -> int:
        """How many the file holds."""
        ...

    @property
    def window(self) -> tuple[float, float] | None:
        """(centre, width) the file asks for."""
        ...

    @property
    def grey(self) -> bool:
        """Whether a window can be asked for."""
        ...

    @property
    def modality(self) -> str:
        """DICOM's term, or empty."""
        ...


OpenPicture = Callable[[bytes, int | None, tuple[float, float] | None], Decoded]
"""A file's bytes, a frame and a (centre, width) to a picture; raises `BadImage`."""


@dataclass(frozen=True, slots=True)
class Inline:
    """A picture as it was sent.

    Attributes:
        data: The file's bytes.
        frame: Which of several, from 0.
        window: (centre, width).
        place: The field it came in.
    """

    data: bytes
    frame: int | None
    window: tuple[float, float] | None
    place: str

    def name(self) -> str:
        """The same for the same picture and no other, so that whoever keeps what was made of it finds it again."""
        return f"inline:{hashlib.sha256(self.data).hexdigest()}#{self.frame}{self.window}"


def inline_picture(
    url: str, *, frame: int | None, window: tuple[float, float] | None, place: str
) -> Inline:
    """Takes a data URL apart.

    Raises:
        Fault: Something else, or damaged.
    """
    head, comma, packed = url.partition(",")
    if head[:5].lower() != "data:" or not comma or len(head) > 200:
        raise Fault(400, "image_not_inline", ONLY_INLINE, param=place)
    if not head.lower().endswith(";base64"):
        raise Fault(400, "image_not_base64", "write the data URL in base64", param=place)
    try:
        data = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        raise Fault(400, "image_not_base64", "the picture is damaged base64", param=place) from None
    return Inline(data, frame, window, place)


class Shelf:
    """Pictures of the questions that are being answered, opened by name when the model looks at them.

    So they are decoded one after the other, whatever a request brings.

    Args:
        decode: Opens bytes.
    """

    def __init__(self, decode: OpenPicture) -> None:
        self._decode = decode
        self._held: dict[str, list[Inline]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def holding(self, pictures: Sequence[Inline]) -> Iterator[list[str]]:
        """Names under which the pictures can be opened until the block is left."""
        names = [picture.name() for picture in pictures]
        with self._lock:
            for name, picture in zip(names, pictures, strict=True):
                self._held.setdefault(name, []).append(picture)
        try:
            yield names
        finally:
            with self._lock:
                for name, picture in zip(names, pictures, strict=True):
                    self._held[name].remove(picture)
                    if not self._held[name]:
                        del self._held[name]

    def open(self, name: str) -> Any:
        """The RGB picture of a name.

        Raises:
            Fault: 400, it cannot or must not be opened.
        """
        with self._lock:
            picture = self._held[name][-1]
        return decoded(self._decode, picture).image


def decoded(decode: OpenPicture, picture: Inline) -> Decoded:
    """A picture opened, or why not.

    Raises:
        Fault: 400.
    """
    try:
        return decode(picture.data, picture.frame, picture.window)
    except BadImage as error:
        repair = (
            "name one with frame, counted from 0" if error.what.startswith("holds ") else error.repair
        )
        reason = "; ".join(filter(None, (f"the picture {error.what}", repair)))
        raise Fault(400, "invalid_image", reason, param=picture.place) from None
