"""The last lines of a terminal, drawn again as an answer grows, without a flicker and without losing a line.

What is done is written once and scrolls away as any text does; what is still changing is at most a screenful, of
which only the lines that changed are written again.  This module knows nothing of what is written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO


def size_of(stream: IO[str]) -> tuple[int, int]:
    """Columns and lines of a terminal."""
    try:
        found = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return 80, 24
    return found.columns or 80, found.lines or 24


Size = Callable[[], tuple[int, int]]
"""Gives the columns and lines of a terminal, which change when its window does."""


class Pace:
    """Sees to it that drawing takes half of the time at most, however much there is to draw."""

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def due(self) -> bool:
        """Whether it is time to draw; what comes earlier waits for what comes next, or for the end."""
        return time.perf_counter() >= self._until

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Takes the time of a drawing."""
        began = time.perf_counter()
        yield
        self._until = 2 * time.perf_counter() - began


class Screen:
    """Where an answer is drawn; it begins at the start of a line, and so does what comes after `end`.

    Args:
        out: The terminal.
        size: Asked each time.
    """

    def __init__(self, out: IO[str], size: Size) -> None:
        self._out = out
        self._size = size
        self._drawn: list[str] = []
        self._drawn_at = size()

    def show(self, done: Sequence[str], growing: Sequence[str], seen: int | None = None) -> None:
        """Draws what is new.

        Args:
            done: Lines that take the place of what was growing, and stay.
            growing: Lines below them that may yet change.  Where they are more than the screen has, those above wait
                until they are done.
            seen: The number of growing lines after the one to be seen, where that isn't the last.
        """
        size = self._size()
        if size != self._drawn_at and self._drawn:
            # The terminal has broken its lines anew, and nobody knows where these are now: they stay, and come again.
            self._out.write("\n")
            self._drawn = []
        self._drawn_at = size
        most = max(size[1] - 1, 1)
        end = max(min(len(growing), most), len(growing) if seen is None else seen)
        window = list(growing[max(end - most, 0) : end]) or [""]
        self._draw([*done, *window])
        self._drawn = window

    def end(self) -> None:
        """Leaves the line that was begun, if one was."""
        if any(self._drawn):
            self._out.write("\n")
        self._out.flush()
        self._drawn = []

    def _draw(self, lines: list[str]) -> None:
        """Puts lines where those drawn before are; the cursor is left behind the last."""
        old = self._drawn
        same = 0
        while same < min(len(old), len(lines) - 1) and old[same] == lines[same]:
            same += 1
        if same < len(old):
            up = len(old) - 1 - same
            begin = (f"\x1b[{up}A" if up else "") + "\r"
        else:
            begin = "\n" if old else ""
        shorter = "\x1b[J" if len(old) > len(lines) else ""
        self._out.write(begin + "\n".join(f"{line}\x1b[K" for line in lines[same:]) + shorter)
        self._out.flush()
