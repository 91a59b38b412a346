"""The answers of two models: side by side where the terminal is wide enough, else one under the other.

This module knows nothing of models but their names.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import IO, Protocol

from rich.console import Console
from rich.text import Text

from medgpt_cli.chat.markdown import Written
from medgpt_cli.chat.screen import Pace, Screen, Size, size_of
from medgpt_cli.chat.writing import MARGIN, Writing, draws, escaped, harmless, writing
from medgpt_cli.core import console

NARROWEST = 44
"""Columns that each of two answers side by side has at least."""

BETWEEN = " │ "


class Comparing(Protocol):
    """What shows two answers, the second written after the first."""

    def first(self, text: str) -> None:
        """Takes the next piece of the first answer."""

    def second(self, text: str) -> None:
        """Takes the next piece of the second answer."""

    def end(self) -> None:
        """Shows what is left, and leaves the line."""


def comparing(names: tuple[str, str]) -> Comparing:
    """What fits stdout.

    Args:
        names: What the models are called.
    """
    out = console.result().file
    if draws(out) and column_width(size_of(out)[0]) >= NARROWEST:
        return SideBySide(names, console.result(), out, lambda: size_of(out))
    return OneUnderAnother(names, out)


def column_width(columns: int) -> int:
    """Columns for each of two answers in a terminal that has so many."""
    return (columns - MARGIN - len(BETWEEN)) // 2


class OneUnderAnother:
    """Each answer under its model's name.

    Args:
        names: What the models are called.
        out: Where to.
    """

    def __init__(self, names: tuple[str, str], out: IO[str]) -> None:
        self._names = names
        self._out = out
        self._open: list[Writing] = []

    def first(self, text: str) -> None:
        """Takes the next piece of the first answer."""
        self._take(0, text)

    def second(self, text: str) -> None:
        """Takes the next piece of the second answer."""
        self._take(1, text)

    def end(self) -> None:
        """Shows what is left, and leaves the line."""
        if self._open:
            self._open[-1].end()
            self._out.flush()

    def _take(self, which: int, text: str) -> None:
        while len(self._open) <= which:
            self.end()
            self._out.write(f"── {harmless(self._names[len(self._open)])} ──\n")
            self._open.append(writing())
        self._open[which].piece(text)


class SideBySide:
    """A column for each answer; the whole scrolls away once both are there.

    Args:
        names: What the models are called.
        on: Makes escape sequences of styles.
        out: The terminal.
        size: Of it.
    """

    def __init__(self, names: tuple[str, str], on: Console, out: IO[str], size: Size) -> None:
        self._on = on
        self._width = width = column_width(size()[0])
        self._screen = Screen(out, size)
        self._pace = Pace()
        self._written = (Written(on, width), Written(on, width))
        self._done: tuple[list[Text], list[Text]] = ([], [])
        for done, name in zip(self._done, names, strict=True):
            done += Text(harmless(name), style="bold").wrap(on, width)

    def first(self, text: str) -> None:
        """Takes the next piece of the first answer."""
        self._take(0, text)

    def second(self, text: str) -> None:
        """Takes the next piece of the second answer."""
        self._take(1, text)

    def end(self) -> None:
        """Shows all of it, and leaves the line."""
        if any(written.begun for written in self._written):
            rows = self._rows()
            self._screen.show(rows[:-1], rows[-1:])
        self._screen.end()

    def _take(self, which: int, text: str) -> None:
        self._done[which].extend(self._written[which].take(harmless(text)))
        if self._pace.due:
            with self._pace.drawing():
                seen = len(self._done[which]) + len(self._written[which].rest())
                self._screen.show([], self._rows(), seen)

    def _rows(self) -> list[str]:
        left, right = (
            [*done, *written.rest()] for done, written in zip(self._done, self._written, strict=True)
        )
        rows = []
        for one, other in zip_longest(left, right, fillvalue=Text()):
            free = " " * max(self._width - one.cell_len, 0)
            rows.append(Text.assemble(one, free, (BETWEEN, "dim"), other))
        return escaped(self._on, rows)
