"""What stands behind the `#` of an image's path: which frame, slice, region or row of the file is meant.

    x.dcm#frame=12                                     one of several frames or pages, counted from 0
    ct.dcm#window=-600/1500                            another display window than the file's own: centre/width
    scan.nii.gz#plane=axial&slice=40                   &volume=2 where there are several, &window=40/400
    slide.svs#x=9000&y=700&width=512&height=512        in pixels of level 0, the size in those of &level=1
    shard.parquet#row=17&column=image                  &item=1 of a list; what is embedded may be a DICOM: &frame=3

A word that is not known, or is written twice, is refused: a misspelt `silce` must not show another picture.  This
module opens nothing and knows no format; which words fit a file is asked with `only`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import lru_cache

from medgpt_cli.core.errors import BadImage

PLANES = ("axial", "coronal", "sagittal")
_FRAGMENT = re.compile(r"(?s)(.*)#([A-Za-z_]+=[^#]*)")
_NUMBER = re.compile(r"[0-9]{1,9}")
_SIGNED = re.compile(r"-?[0-9]{1,9}")
_WINDOW = re.compile(r"(-?[0-9]{1,6}(?:\.[0-9]{1,6})?)/([0-9]{1,6}(?:\.[0-9]{1,6})?)")


@dataclass(frozen=True, slots=True)
class Reference:
    """A file, and which picture in it.

    Attributes:
        path: The file, without what stands behind the `#`.
        frame: Frame or page, from 0.
        plane: `axial`, `coronal` or `sagittal`.
        slice: From 0: upwards (axial), forwards (coronal), to the patient's right (sagittal).
        volume: Of a series of volumes, from 0.
        window: (centre, width) in the file's own units (HU in CT).
        x: Left edge in pixels of level 0; may be negative.
        y: Upper edge in pixels of level 0; may be negative.
        width: Pixels of `level`.
        height: Pixels of `level`.
        level: 0 is the finest.
        row: Of a table, from 0 in the file.
        column: Of a table.
        item: Of a list in a cell, from 0.
    """

    path: str
    frame: int | None = None
    plane: str | None = None
    slice: int | None = None
    volume: int | None = None
    window: tuple[float, float] | None = None
    x: int | None = None
    y: int | None = None
    width: int | None = None
    height: int | None = None
    level: int | None = None
    row: int | None = None
    column: str | None = None
    item: int | None = None

    def names(self) -> tuple[str, ...]:
        """The words that were written."""
        return tuple(word for word in WORDS if getattr(self, word) is not None)

    def only(self, kind: str, *words: str) -> None:
        """Refuses words that say nothing about a file of this kind.

        Raises:
            BadImage: One was written that is not among `words`.
        """
        foreign = [word for word in self.names() if word not in words]
        if foreign:
            use = f"it takes {', '.join(words)}" if words else "it takes none"
            raise BadImage(f"is {kind} and cannot be asked for {', '.join(foreign)}", repair=use)


WORDS = tuple(field.name for field in fields(Reference))[1:]
_KNOWN = f"the words are {', '.join(WORDS)}"


@lru_cache(maxsize=4096)
def read_reference(written: str) -> Reference:
    """Takes a path and what is written behind it apart.

    Raises:
        BadImage: A word that is not known or written twice, or a value that is none.
    """
    match = _FRAGMENT.fullmatch(written)
    if not match:
        return Reference(written)
    values: dict[str, object] = {}
    for part in match[2].split("&"):
        word, _, value = part.partition("=")
        if word not in WORDS:  # it is not repeated: it may be a piece of a file's name
            raise BadImage("has a word behind its # that is not known", repair=_KNOWN)
        if word in values:
            raise BadImage(f"names {word} twice", repair="write it once")
        values[word] = _value(word, value)
    return Reference(match[1], **values)  # type: ignore[arg-type]


def _value(word: str, value: str) -> object:
    if word == "plane":
        if value not in PLANES:
            raise BadImage("names a plane that is not known", repair=f"write {' or '.join(PLANES)}")
        return value
    if word == "column":
        if not value.isprintable() or not value:
            raise BadImage("names no column", repair="write &column=image")
        return value
    if word == "window":
        match = _WINDOW.fullmatch(value)
        if not match or float(match[2]) <= 0:
            raise BadImage(
                "names a window that is not centre/width",
                repair="write window=40/400, the width above 0",
            )
        return float(match[1]), float(match[2])
    if not (_SIGNED if word in ("x", "y") else _NUMBER).fullmatch(value):
        if word == "frame":
            raise BadImage(
                "names a frame that is not a number", repair="write path#frame=12, counted from 0"
            )
        raise BadImage(f"names a {word} that is not a number", repair=f"write {word}=12")
    return int(value)
