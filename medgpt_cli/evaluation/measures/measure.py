"""What a measure is: a name, a version, and how one answer or a whole table of answers becomes a number.

This module knows nothing of any particular measure, of files or of intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from medgpt_cli.evaluation.items import Item

Better = Literal["higher", "lower"]
Tally = tuple[float, ...]
"""Counts of one item that add up over items."""

Row = Mapping[str, float]
"""The measures of one item as `measure_item` returns them: a tally's counts stand under `name#0`, `name#1` …"""


def always(item: Item) -> bool:
    """For a measure that any item can be given to."""
    return True


def suits(items: Sequence[Item]) -> str:
    """For a measure that asks nothing of the items together."""
    return ""


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure, in exactly one of three shapes.

    Attributes:
        name: What tables and logs call it.
        version: Counted up when its numbers change.
        title: What it is, in a few words a person can read under a table.
        better: Whether higher or lower is better.
        per_item: From an item and the reply's text to a number; the score is the mean over items.
        tally: From an item and the reply's text to counts that add up over items.
        combine: From the summed counts to the score; None where the counts give none.
        held: Which of the counts say, where they are above 0, that an item is of a class: the measure counts each class
            alike, and no draw of a bootstrap may lose one.
        by_likelihood: From an item and the log-probabilities of its options (nats, in their order) to a number; the
            score is the mean.
        applies: Whether the measure says anything of an item; where not, the item's row lacks it.
        unsuited: Why the items together cannot be given this measure, or an empty string.
    """

    name: str
    version: int
    title: str
    better: Better = "higher"
    per_item: Callable[[Item, str], float] | None = None
    tally: Callable[[Item, str], Tally] | None = None
    combine: Callable[[Sequence[float]], float | None] | None = None
    held: slice | None = None
    by_likelihood: Callable[[Item, Sequence[float]], float] | None = None
    applies: Callable[[Item], bool] = always
    unsuited: Callable[[Sequence[Item]], str] = suits

    @property
    def corpus(self) -> Callable[[Sequence[Item], Sequence[str]], float | None] | None:
        """For a measure of the whole table: from all items and replies to the score; else None."""
        return self._of_all if self.tally else None

    def _of_all(self, items: Sequence[Item], texts: Sequence[str]) -> float | None:
        rows = [
            self.row(item, text) for item, text in zip(items, texts, strict=True) if self.applies(item)
        ]
        return None if self.unsuited(items) else self.score(rows)

    def row(self, item: Item, text: str, likelihoods: Sequence[float] | None = None) -> dict[str, float]:
        """What is logged of one item: one number, a tally's counts, or nothing."""
        if not self.applies(item):
            return {}
        if self.tally:
            return {f"{self.name}#{place}": count for place, count in enumerate(self.tally(item, text))}
        if self.per_item:
            return {self.name: self.per_item(item, text)}
        if self.by_likelihood and likelihoods is not None:
            return {self.name: self.by_likelihood(item, likelihoods)}
        return {}

    def tallies(self, rows: Sequence[Row]) -> list[Tally]:
        """The counts of each row that has them, for a bootstrap that sums and combines them."""
        return [counts for row in rows if (counts := self._counts(row))]

    def score(self, rows: Sequence[Row]) -> float | None:
        """The score over logged rows; None where no row has the measure: that is no zero."""
        if self.combine:
            tallies = self.tallies(rows)
            return (
                self.combine([sum(column) for column in zip(*tallies, strict=True)]) if tallies else None
            )
        values = [row[self.name] for row in rows if self.name in row]
        return sum(values) / len(values) if values else None

    def _counts(self, row: Row) -> Tally:
        counts: list[float] = []
        while (key := f"{self.name}#{len(counts)}") in row:
            counts.append(row[key])
        return tuple(counts)
