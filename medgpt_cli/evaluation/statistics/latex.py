r"""Tables for a paper: any text made safe for LaTeX, and a `tabular` that needs no package.

This module knows nothing of what the cells say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from medgpt_cli.core.tables import numeric

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "→": r"$\rightarrow$",
    "\u00a0": "~",
    "\u202f": r"\,",
}
"""What has a meaning in LaTeX, or no glyph in its plain fonts, and how it is written."""

_MINUS = re.compile(r"(?<![^\s(])-(?=\d)")
"""A hyphen that stands before a number and behind no word."""
_SPECIAL = re.compile("|".join(map(re.escape, SPECIAL)))


def escape(text: str) -> str:
    """Text that LaTeX sets as it stands: line breaks become blanks, hyphens in a row stay hyphens, a minus is one."""
    text = _MINUS.sub("−", " ".join(text.split("\n")))
    parts = [re.sub("-(?=-)", "-{}", part) for part in _SPECIAL.split(text)]
    signs = [SPECIAL[sign] for sign in _SPECIAL.findall(text)]
    return "".join(part + sign for part, sign in zip(parts, [*signs, ""], strict=True))


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, notes: Sequence[str] = ()) -> str:
    """A table whose columns of numbers are set to the right and the others to the left.

    Args:
        headers: One for each column.
        rows: The cells.
        notes: Lines of small print below.
    """
    right = numeric(rows)
    columns = "".join("r" if column in right else "l" for column in range(len(headers)))
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\hline", _row(headers), r"\hline"]
    lines += [*map(_row, rows), r"\hline", r"\end{tabular}"]
    lines += [rf"\par{{\footnotesize {escape(note)}}}" for note in notes]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    # A bracket that opens a row would be read as the option of the line break before it.
    return " & ".join(map(escape, cells)).replace("[", "{[}", 1) + r" \\"
