"""Tables for a page: any text made safe for a cell of a Markdown table.

This module knows nothing of what the cells say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from medgpt_cli.core.tables import numeric

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>&#|~!$]")


def escape(text: str) -> str:
    """Text that Markdown shows as it stands; line breaks become blanks."""
    return _SPECIAL.sub(lambda sign: "\\" + sign[0], " ".join(text.split("\n")))


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, notes: Sequence[str] = ()) -> str:
    """A table whose columns of numbers are set to the right and the others to the left.

    Args:
        headers: One for each column.
        rows: The cells.
        notes: Lines below, as a list.
    """
    right = numeric(rows)
    marks = (" --: |" if column in right else " :-- |" for column in range(len(headers)))
    lines = [_row(headers), "|" + "".join(marks), *map(_row, rows)]
    if notes:
        lines += ["", *(f"- {escape(note)}" for note in notes)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(escape, cells)) + " |"
