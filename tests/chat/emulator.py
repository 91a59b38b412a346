"""As much of a terminal as is needed to see what a person sees: a screen that scrolls, and what scrolled away."""

import io
import re

_TOKEN = re.compile(r"\x1b\[(\d*)([A-Za-z])|\x1b\[[0-9;]*m|(.)", re.DOTALL)


class Emulator(io.StringIO):
    """Takes what is written and keeps the screen.

    Args:
        columns: Of the screen.
        lines: Of the screen.
    """

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__()
        self.columns, self.lines = columns, lines
        self.gone: list[str] = []
        self._rows = [""]
        self._y = self._x = 0

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for number, letter, plain in (match.groups() for match in _TOKEN.finditer(text)):
            if letter == "A":
                self._y = max(self._y - int(number or 1), 0)
            elif letter == "K":
                self._rows[self._y] = self._rows[self._y][: self._x]
            elif letter == "J":
                del self._rows[self._y + 1 :]
                self._rows[self._y] = self._rows[self._y][: self._x]
            elif plain == "\r":
                self._x = 0
            elif plain == "\n":
                self._down()
            elif plain:
                self._put(plain)
            else:
                assert letter in (None, "m"), letter
        return len(text)

    def _put(self, sign: str) -> None:
        if self._x == self.columns:
            self._down()
        row = self._rows[self._y].ljust(self._x)
        self._rows[self._y] = row[: self._x] + sign + row[self._x + 1 :]
        self._x += 1

    def _down(self) -> None:
        self._y, self._x = self._y + 1, 0
        if self._y == len(self._rows):
            self._rows.append("")
        if len(self._rows) > self.lines:
            self.gone.append(self._rows.pop(0))
            self._y -= 1

    @property
    def seen(self) -> list[str]:
        """The screen."""
        return [row.rstrip() for row in self._rows]

    @property
    def all(self) -> list[str]:
        """What scrolled away, and the screen."""
        return [*(row.rstrip() for row in self.gone), *self.seen]
