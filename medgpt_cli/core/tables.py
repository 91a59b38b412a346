"""Rows of text as aligned columns or as Markdown.  This module knows nothing of what the rows say."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Sequence

_NUMBER = re.compile(r"[-+<≥±]? ?\d")
_DIGIT = re.compile(r"\d")


def aligned(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = ()
) -> str:
    """Columns padded to their widest cell, two spaces apart, nothing behind the last one.

    Args:
        headers: One for each column.
        rows: The cells.
        right: Columns that are set to the right, as `numeric` finds them.
    """
    lines = [headers, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def numeric(rows: Sequence[Sequence[str]]) -> frozenset[int]:
    """The columns of numbers: at least one cell begins with one, and any other holds no digit.  Never the first."""
    columns = list(zip(*rows, strict=True))
    return frozenset(
        place
        for place, cells in enumerate(columns)
        if place
        and any(_NUMBER.match(cell) for cell in cells)
        and all(_NUMBER.match(cell) or not _DIGIT.search(cell) for cell in cells)
    )


def folded(text: str, width: int, *, indent: str = "") -> str:
    """Lines of at most so many columns, broken between words only; what follows a break is indented."""
    return "\n".join(
        textwrap.fill(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        for line in text.splitlines()
    )


def markdown(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
