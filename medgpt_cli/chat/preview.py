"""An image in the terminal, as well as it can: by kitty's, iTerm2's or sixel graphics, or in blocks of colour.

What the terminal can is known from the environment alone: asking it could hang, and what it answers could be taken
for what a person typed.  This module opens no image.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from rich.style import Style
from rich.text import Text

from medgpt_cli.chat.sixel import sixel

if TYPE_CHECKING:
    from PIL.Image import Image
    from rich.console import Console

ROWS, COLUMNS = 16, 48
"""What an image takes of the terminal at most."""

PIXELS = 320
"""Height that is sent to a terminal that draws pixels."""

_CHUNK = 4096


class Way(StrEnum):
    """How an image is drawn."""

    KITTY = "kitty"
    ITERM = "iterm"
    SIXEL = "sixel"
    BLOCKS = "blocks"


def way(on: Console, env: Mapping[str, str]) -> Way | None:
    """How images can be drawn; None where they can't, as in a pipe.

    Args:
        on: The console.
        env: The environment.
    """
    term, program = env.get("TERM", "dumb"), env.get("TERM_PROGRAM", "")
    if not on.is_terminal or term in ("dumb", "unknown"):
        return None
    if not (env.get("TMUX") or env.get("STY") or term.startswith(("tmux", "screen"))):
        if env.get("KITTY_WINDOW_ID") or term in ("xterm-kitty", "xterm-ghostty"):
            return Way.KITTY
        if program in ("iTerm.app", "WezTerm") or env.get("LC_TERMINAL") == "iTerm2":
            return Way.ITERM
        if term.startswith(("foot", "mlterm")):
            return Way.SIXEL
    # Sixteen colours make no picture.
    return Way.BLOCKS if on.color_system in ("256", "truecolor") and not on.no_color else None


def drawn(image: Image, how: Way, columns: int) -> str | Text:
    """What draws an image: escape sequences to write as they are, or text to print.

    Args:
        image: The image; it is not changed.
        how: A way that the terminal has.
        columns: Of the terminal.
    """
    width, height = image.size
    # A character is about twice as high as it is wide.
    wide = max(1, min(columns - 1, COLUMNS, round(2 * ROWS * width / height)))
    rows = max(1, min(ROWS, round(wide * height / width / 2)))
    if how is Way.BLOCKS:
        return _blocks(image.convert("RGB").resize((wide, 2 * rows)))
    small = image.convert("RGB")
    small.thumbnail((PIXELS * COLUMNS // ROWS // 2, PIXELS))
    if how is Way.SIXEL:
        return sixel(small)
    data = _png(small)
    if how is Way.ITERM:
        size = f"size={len(data)};width={wide};height={rows};preserveAspectRatio=1"
        return f"\x1b]1337;File=inline=1;{size}:{_base64(data)}\x07"
    text = _base64(data)
    chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
    # q=2: the terminal answers nothing, not even an error.
    first = f"a=T,f=100,q=2,c={wide},r={rows},"
    return "".join(
        f"\x1b_G{first if not number else ''}m={int(number + 1 < len(chunks))};{chunk}\x1b\\"
        for number, chunk in enumerate(chunks)
    )


def _blocks(image: Image) -> Text:
    """Two pixels to a character, the upper one its colour and the lower one its background."""
    pixels: Any = image.load()
    width, height = image.size
    lines = []
    for y in range(0, height, 2):
        line = Text()
        for x in range(width):
            above, below = ("#{:02x}{:02x}{:02x}".format(*pixels[x, row]) for row in (y, y + 1))
            line.append("▀", Style(color=above, bgcolor=below))
        lines.append(line)
    return Text("\n").join(lines)


def _png(image: Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
