r"""Tables for a paper: any text made safe for LaTeX, and a `tabular` that needs no package.

This module knows nothing of what the cells say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

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

_SPECIAL = re.compile("|".join(map(re.escape, SPECIAL)))


def escape(text: str) -> str:
    """Text that LaTeX sets as it stands; line breaks become blanks, hyphens in a row stay hyphens."""
    text = " ".join(text.split("\n"))
    parts = [re.sub("-(?=-)", "-{}", part) for part in _SPECIAL.split(text)]
    signs = [SPECIAL[sign] for sign in _SPECIAL.findall(text)]
    return "".join(part + sign for part, sign in zip(parts, [*signs, ""], strict=True))


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, notes: Sequence[str] = ()) -> str:
    """A table whose first column is set to the left and the others to the right.

    Args:
        headers: One for each column.
        rows: The cells.
        notes: Lines of small print below.
    """
    lines = [r"\begin{tabular}{l" + "r" * (len(headers) - 1) + "}", r"\hline", _row(headers), r"\hline"]
    lines += [*map(_row, rows), r"\hline", r"\end{tabular}"]
    lines += [rf"\par{{\footnotesize {escape(note)}}}" for note in notes]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    # A bracket that opens a row would be read as the option of the line break before it.
    return " & ".join(map(escape, cells)).replace("[", "{[}", 1) + r" \\"
