"""An answer onto stdout while it is written: as it is in a pipe, with its Markdown drawn at a terminal.

A model must not be able to steer the terminal, so control characters are left out everywhere.  This module knows
nothing of models.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import IO, Protocol

from rich.console import Console
from rich.text import Text

from medgpt_cli.chat.markdown import Written
from medgpt_cli.chat.screen import Pace, Screen, Size, size_of
from medgpt_cli.core import console

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

MARGIN = 1
"""Columns left free on the right: what a terminal does behind its last column differs."""


class Writing(Protocol):
    """What shows one answer."""

    def piece(self, text: str) -> None:
        """Takes the next piece of the answer."""

    def end(self) -> None:
        """Shows what is left, and leaves the line."""


def harmless(text: str) -> str:
    """A model's text without what steers a terminal."""
    return _CONTROLS.sub("", text)


def draws(out: IO[str]) -> bool:
    """Whether lines can be drawn again there: a terminal that says so."""
    return out.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def writing() -> Writing:
    """What fits stdout."""
    out = console.result().file
    return Drawn(console.result(), out, lambda: size_of(out)) if draws(out) else Plain(out)


class Plain:
    """The text as it is.

    Args:
        out: Where to.
    """

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._begun = False

    def piece(self, text: str) -> None:
        """Takes the next piece of the answer."""
        self._begun = self._begun or bool(text)
        self._out.write(harmless(text))
        self._out.flush()

    def end(self) -> None:
        """Leaves the line."""
        if self._begun:
            self._out.write("\n")
            self._out.flush()


class Drawn:
    """The text with its Markdown drawn.

    Args:
        on: Makes escape sequences of styles, as far as the terminal has them.
        out: The terminal.
        size: Of it.
    """

    def __init__(self, on: Console, out: IO[str], size: Size) -> None:
        self._on = on
        self._screen = Screen(out, size)
        self._pace = Pace()
        self._written = Written(on, max(size()[0] - MARGIN, 20))
        self._done: list[Text] = []
        """Lines that are done and not drawn yet."""

    def piece(self, text: str) -> None:
        """Takes the next piece of the answer."""
        self._done += self._written.take(harmless(text))
        if self._pace.due:
            with self._pace.drawing():
                rest = self._written.rest()
                self._screen.show(escaped(self._on, self._done), escaped(self._on, rest))
            self._done = []

    def end(self) -> None:
        """Shows what is left, all of it, and leaves the line."""
        if rows := escaped(self._on, [*self._done, *self._written.rest()]):
            self._screen.show(rows[:-1], rows[-1:])
        self._screen.end()


def escaped(on: Console, lines: Sequence[Text]) -> list[str]:
    """Lines with their styles as escape sequences, as far as the terminal has them."""
    found = []
    for line in lines:
        with on.capture() as drawn:
            on.print(line, end="", soft_wrap=True)
        found.append(drawn.get())
    return found
