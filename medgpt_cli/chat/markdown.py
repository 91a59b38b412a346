"""The Markdown that models write, line by line, as it comes: no character of an answer is ever lost to it.

A line is done with its line break and never drawn otherwise afterwards; only a table waits for its last row.  What is
no heading, list, table, code or emphasis stays as it was written, and so does what a reader of Markdown would garble
in a report: the stars of `2*3*4 cm`, numbers of a list that leave one out, `> 5 mm`, `+ 5`.  No link is made and no
HTML read.  This module knows nothing of terminals but their width.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_HEADING = re.compile(r"(#{1,6})\s+(\S.*)")
_ITEM = re.compile(r"(\s*)([-*]|\d{1,9}[.)])(\s+)(?=\S)(.*)")
_FENCE = re.compile(r"\s*```")
_ROW = re.compile(r"\s*\|(.+)\|\s*")
_RULE = re.compile(r"[\s|:-]*-[\s|:-]*")
_INLINE = re.compile(
    r"(?P<marks>`+)(?P<code>.+?)(?P=marks)"
    r"|(?<![A-Za-z0-9*])\*\*(?P<bold>[^\s*](?:.*?[^\s*])?)\*\*(?![A-Za-z0-9*])"
    r"|(?<![\w_])__(?P<bolder>[^\s_](?:.*?[^\s_])?)__(?![\w_])"
    r"|(?<![A-Za-z0-9*])\*(?P<slanted>[^\s*](?:[^*]*[^\s*])?)\*(?![A-Za-z0-9*])"
    r"|(?<![\w_])_(?P<leaning>[^\s_](?:[^_]*[^\s_])?)_(?![\w_])"
)
_STYLES = {"code": "cyan", "bold": "bold", "bolder": "bold", "slanted": "italic", "leaning": "italic"}


LONGEST = 2000
"""Characters of a line up to which emphasis is looked for, so that no line takes long."""


def inline(text: str, style: str = "") -> Text:
    """A line's words with their emphasis."""
    found, at = Text(style=style), 0
    for match in _INLINE.finditer(text) if len(text) <= LONGEST else ():
        found.append(text[at : match.start()])
        kind = match.lastgroup or ""
        inside = match[kind]
        found.append_text(
            Text(inside, style=_STYLES[kind]) if kind == "code" else inline(inside, _STYLES[kind])
        )
        at = match.end()
    return found.append(text[at:])


class Written:
    """One answer, taken in pieces.

    Args:
        console: Wraps words and draws tables.
        width: Columns to write in.
    """

    def __init__(self, console: Console, width: int) -> None:
        self._console = console
        self._width = width
        self._line = ""
        self._rows: list[str] = []
        self._in_code = False
        self.begun = False
        """Whether anything was taken."""

    def take(self, piece: str) -> list[Text]:
        """Takes the next piece, and gives the lines that are done by it, each within the width."""
        self.begun = self.begun or bool(piece)
        *whole, self._line = (self._line + piece).split("\n")
        done: list[Text] = []
        for line in whole:
            if not self._in_code and _ROW.fullmatch(line):
                self._rows.append(line)
                continue
            done += self._table(self._rows)
            self._rows = []
            if _FENCE.match(line):
                self._in_code = not self._in_code
            done += self._drawn(line, in_code=self._in_code)
        return done

    def rest(self) -> list[Text]:
        """The lines that are not done yet, as they look so far."""
        rows, line = self._rows, self._line
        if rows and _ROW.fullmatch(line):
            return self._table([*rows, line])
        return [*self._table(rows), *(self._drawn(line, in_code=self._in_code) if line else [])]

    def _drawn(self, line: str, *, in_code: bool) -> list[Text]:
        """One line of the source, wrapped."""
        if _FENCE.match(line):
            return self._wrapped(Text(line, style="dim"))
        if in_code:
            return self._wrapped(Text(line, style="cyan"), "  ")
        if heading := _HEADING.fullmatch(line):
            return self._wrapped(inline(heading[2], "bold underline"))
        if item := _ITEM.fullmatch(line):
            indent, mark, _, words = item.groups()
            lead = f"{indent}{'•' if mark in '-*' else mark} "
            return self._wrapped(inline(words), lead)
        indent = line[: len(line) - len(line.lstrip())]
        return self._wrapped(inline(line[len(indent) :]), indent)

    def _wrapped(self, text: Text, lead: str = "") -> list[Text]:
        lead = lead.expandtabs(4)
        if len(lead) > self._width // 2:
            lead = lead.strip() + " "
        lines = text.wrap(self._console, self._width - len(lead), tab_size=4) or [Text()]
        return [
            Text.assemble(lead if not number else " " * len(lead), line)
            for number, line in enumerate(lines)
        ]

    def _table(self, rows: Sequence[str]) -> list[Text]:
        if len(rows) < 2 or not _RULE.fullmatch(rows[1]):
            return [line for row in rows for line in self._drawn(row, in_code=False)]
        cells = [_cells(row) for row in (rows[0], *rows[2:])]
        most = max(map(len, cells))
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for name, rule in zip(_filled(cells[0], most), _filled(_cells(rows[1]), most), strict=False):
            right = rule.endswith(":") and not rule.startswith(":")
            table.add_column(inline(name), justify="right" if right else "left", overflow="fold")
        for row in cells[1:]:
            table.add_row(*map(inline, _filled(row, most)))
        if self._console.measure(table).minimum > self._width or 4 * most > self._width:
            return [line for row in rows for line in self._drawn(row, in_code=False)]
        with self._console.capture() as drawn:
            self._console.print(table, width=self._width)
        lines = [Text.from_ansi(line) for line in drawn.get().split("\n")]
        return [line for line in lines if line.plain.strip()]


def _cells(row: str) -> list[str]:
    match = _ROW.fullmatch(row)
    return [
        cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", match[1] if match else "")
    ]


def _filled(cells: list[str], most: int) -> Iterable[str]:
    return [*cells, *[""] * (most - len(cells))]
