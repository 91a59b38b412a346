"""A table of scores as Markdown or LaTeX, each number with its interval and count, each protocol below.

This module knows nothing of how a score was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from medgpt_cli.evaluation.statistics import latex as _latex
from medgpt_cli.evaluation.statistics import markdown as _markdown

HEADERS = ("Task", "Measure", "Score", "95 %", "k/N")
NOTHING = "-"
NOT_COMPUTED = "not computed"


class ScoreRow(NamedTuple):
    """One score.

    Attributes:
        task: The task's name.
        measure: The measure's name.
        value: The score; None where it was not computed.
        low: Lower bound of its 95 % interval; None where there is none.
        high: Upper bound.
        n: Items it is taken over.
        k: Right answers among them, where answers are right or wrong.
        protocol: What was asked and how, in one line; printed once below the table.
        note: Why there is no value, or what must be known beside it; printed below.
    """

    task: str
    measure: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    k: int | None = None
    protocol: str = ""
    note: str = ""


def number(value: float | None) -> str:
    """Three decimals; a hyphen where there is no number."""
    return NOTHING if value is None else f"{value:.3f}"


def between(low: float | None, high: float | None) -> str:
    """An interval with an en dash, or `to` where a bound is negative; a hyphen where there is none."""
    if low is None or high is None:
        return NOTHING
    return f"{low:.3f}–{high:.3f}" if low >= 0 else f"{low:.3f} to {high:.3f}"


def markdown(rows: Sequence[ScoreRow], *, by: str = "") -> str:
    """The table in Markdown, protocols and notes as a list below.

    Args:
        rows: The scores.
        by: Who gave the answers, in words.
    """
    return _markdown.table(HEADERS, [_cells(row) for row in rows], notes=_notes(rows, by))


def latex(rows: Sequence[ScoreRow], *, by: str = "") -> str:
    """The table in LaTeX, protocols and notes in small print below.

    Args:
        rows: The scores.
        by: Who gave the answers, in words.
    """
    return _latex.table(HEADERS, [_cells(row) for row in rows], notes=_notes(rows, by))


def _cells(row: ScoreRow) -> list[str]:
    if row.value is None:
        return [row.task, row.measure, NOT_COMPUTED, NOTHING, NOTHING]
    count = str(row.n) if row.k is None else f"{row.k}/{row.n}"
    return [row.task, row.measure, number(row.value), between(row.low, row.high), count]


def _notes(rows: Sequence[ScoreRow], by: str) -> list[str]:
    """Who answered, the protocols, and then each note once with the scores that it is about."""
    protocols = [f"{row.task}: {row.protocol}" for row in rows if row.protocol]
    about: dict[str, list[str]] = {}
    for row in rows:
        if row.note:
            about.setdefault(row.note, []).append(f"{row.task}, {row.measure}")
    return [
        *([by] if by else []),
        *dict.fromkeys(protocols),
        *(f"{'; '.join(scores)}: {note}" for note, scores in about.items()),
    ]
