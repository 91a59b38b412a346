"""What holds the header of an image that records name: a file, or the bytes in a cell of a table.

This module knows nothing of what stands in a header.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.formats import HEAD, format_of
from medgpt_cli.data.images.references import read_reference

CELL = ("row", "column", "item")


def holder(image: str) -> str:
    """What has the header of an image as a record names it: its file, or the cell that holds its bytes."""
    file, mark, words = image.rpartition("#")
    if not mark:
        return image
    kept = [word for word in words.split("&") if word.partition("=")[0] in CELL]
    return f"{file}#{'&'.join(kept)}" if kept else file


@contextmanager
def opened_holder(path: str | Path) -> Iterator[tuple[BinaryIO, str]]:
    """An image file, or what a cell holds (`shard.parquet#row=17&column=image`), and its format.

    Raises:
        BadImage: It cannot be opened, or is no image.
    """
    if "row=" in str(path).rpartition("#")[2]:
        data = _cell(str(path))
        yield io.BytesIO(data), format_of(data[:HEAD])
        return
    try:
        with Path(path).open("rb") as stream:
            kind = format_of(stream.read(HEAD))
            stream.seek(0)
            yield stream, kind
    except OSError as error:
        raise BadImage(f"cannot be read: {type(error).__name__}") from None


def _cell(path: str) -> bytes:
    from medgpt_cli.data.images.embedded import cell

    reference = read_reference(path)
    try:
        with open(reference.path, "rb") as stream:
            kind = format_of(stream.read(HEAD))
    except OSError as error:
        raise BadImage(f"cannot be read: {type(error).__name__}") from None
    if kind not in ("PARQUET", "ARROW"):
        raise BadImage("is no table, and a row of it is named", repair="mend what stands behind the #")
    return cell(reference, kind)
