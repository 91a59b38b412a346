"""The page of samples as the model will see them: one file, no script, no network, and clinical text.

Because of that text the file is readable by its owner alone, and says on top what it holds.  This module is handed what
stands on the page; it knows nothing of models and opens no record.
"""

from __future__ import annotations

import base64
import io
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader
from PIL import Image

from medgpt_cli.data.looking.marking import Block

OWNER_ALONE = 0o600


class Chip(NamedTuple):
    """A word about a sample.

    Attributes:
        text: What it says.
        kind: `fact`, `finding` (identifies a person), `doubt` (may), or `flag` (quality).
    """

    text: str
    kind: str


class Shown(NamedTuple):
    """A picture on the page.

    Attributes:
        uri: The picture as a data URI, or an empty string when it cannot be opened.
        note: Its sizes, or why it cannot be opened.
    """

    uri: str
    note: str


class Card(NamedTuple):
    """One sample.

    Attributes:
        place: File and line.
        chips: Words about it.
        images: In order.
        blocks: Its tokens by speaker.
        tokens: How many.
        learnt: How many of them are learnt.
    """

    place: str
    chips: Sequence[Chip]
    images: Sequence[Shown]
    blocks: Sequence[Block]
    tokens: int
    learnt: int


def data_uri(picture: Image.Image) -> str:
    """A picture as a PNG inside the page."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


GAP = 4
"""Pixels between the tiles of a picture."""


def laid_out(squares: Sequence[Image.Image], columns: int) -> Image.Image:
    """The squares of a picture as its grid, a gap between them, and its thumbnail below; one alone as it is.

    Args:
        squares: Row by row, the thumbnail last.
        columns: Of the grid.
    """
    if len(squares) == 1:
        return squares[0]
    step = squares[0].width + GAP
    rows = -(-len(squares) // columns)
    sheet = Image.new("RGBA", (columns * step - GAP, rows * step - GAP))
    for number, square in enumerate(squares):
        sheet.paste(square, (number % columns * step, number // columns * step))
    return sheet


def write_page(out: Path, cards: Sequence[Card], **words: Any) -> None:
    """Writes the page whole, readable and writable by its owner alone.

    Args:
        out: The file.
        cards: The samples.
        words: `title`, `model`, `seen`, `side` and `max_tiles`, as the template names them.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,  # a record may hold anything
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("preview.html.jinja").render(cards=cards, **words)
    # Made for the owner alone from its first byte on; the folder's group bits are for results, not for this.
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, OWNER_ALONE)
        os.replace(name, out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
