"""A comparison as a person reads it: in the terminal, in Markdown or in LaTeX.

This module knows nothing of how the numbers were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from medgpt_cli.core import tables
from medgpt_cli.evaluation.statistics import latex, markdown
from medgpt_cli.evaluation.statistics.forgetting import Course
from medgpt_cli.evaluation.statistics.paired import Comparison
from medgpt_cli.evaluation.statistics.tables import NOTHING, number

Form = Literal["table", "markdown", "latex"]

WIDEST = 10_000
"""Columns where the output is no terminal."""
HARD = "\u00a0"
"""A blank at which no line is broken."""

UNSEEN = "unseen items"
"""How the line is called that leaves out what a run's training data met."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table and what must be known beside it."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]

    def written(self, form: Form, width: int = WIDEST) -> str:
        """The sheet in one of the forms.

        Args:
            form: Which.
            width: Columns of the terminal; a table that is wider is told line by line.
        """
        if form == "markdown":
            return markdown.table(self.headers, self.rows, notes=self.notes)
        if form == "latex":
            return latex.table(self.headers, self.rows, notes=self.notes)
        table = tables.aligned(self.headers, self.rows, right=tables.numeric(self.rows))
        if max(map(len, table.splitlines())) > width:
            table = "\n".join(self._in_words(row, width) for row in self.rows)
        notes = [tables.folded(note, width, indent="  ") for note in self.notes]
        return "\n".join([table, "", *notes])

    def _in_words(self, row: Sequence[str], width: int) -> str:
        """A line for a terminal too narrow for the table: what it is about, then each cell with its name."""
        first, *others = zip(self.headers, row, strict=True)
        # A name and its number stay on one line.
        told = ", ".join(f"{name} {cell}".replace(" ", HARD) for name, cell in others)
        return tables.folded(f"{first[1].replace(' ', HARD)}: {told}", width, indent="  ").replace(
            HARD, " "
        )


def two_runs(names: Sequence[str], courses: Sequence[tuple[str, Course]], notes: Sequence[str]) -> Sheet:
    """One line for each task: both scores, their difference and what it is worth.

    Args:
        names: Of the two runs.
        courses: For each line its measure and its numbers.
        notes: Lines below the table.
    """
    headers = ("task", "measure", *names, *_worth(courses))
    rows = [
        (course.task, measure, number(cell.first), number(cell.second), *_cells(cell))
        for measure, course in courses
        for cell in course.against_first
        if cell
    ]
    return Sheet(headers, rows, notes)


def many_runs(
    names: Sequence[str], courses: Sequence[tuple[str, Course]], notes: Sequence[str]
) -> Sheet:
    """For each task a line for each run: its score, and its difference to the first.

    Args:
        names: Of the runs.
        courses: For each task its measure and its numbers.
        notes: Lines below the table.
    """
    headers = ("task", "measure", "run", "score", *_worth(courses))
    rows: list[tuple[str, ...]] = []
    for measure, course in courses:
        start = next((cell.first for cell in course.against_first if cell), None)
        blank = (NOTHING,) * (len(headers) - 4)
        rows.append((course.task, measure, names[0], number(start), *blank))
        for name, cell in zip(names[1:], course.against_first, strict=True):
            told = (number(cell.second), *_cells(cell)) if cell else (NOTHING, *blank)
            rows.append((course.task, measure, name, *told))
    return Sheet(headers, rows, notes)


def _worth(courses: Sequence[tuple[str, Course]]) -> tuple[str, ...]:
    several = sum(len(course.against_first) for _, course in courses) > 1
    p = "p (Holm)" if several else "p"
    return ("difference", "95 %", p, "verdict", "visible", "won:lost", "items/cases")


def _cells(cell: Comparison) -> tuple[str, ...]:
    bounds = cell.low is not None and cell.high is not None
    return (
        f"{cell.difference:+.3f}",
        f"{cell.low:+.3f} to {cell.high:+.3f}" if bounds else NOTHING,
        "<0.001" if cell.adjusted < 0.001 else f"{cell.adjusted:.3f}",
        cell.verdict,
        number(cell.visible),
        NOTHING if cell.gained is None else f"{cell.gained}:{cell.lost}",
        f"{cell.n}/{cell.clusters}",
    )
