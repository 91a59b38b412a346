"""What a filter is: a name, and a function from a sample to the reason why it is objected to.

A filter judges and never deletes; what becomes of a record is for whoever asked.  Reasons are fixed words, so that
they can be counted, and quote nothing of the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from medgpt_cli.core.types import Sample


@dataclass(frozen=True, slots=True)
class Filter:
    """One named filter.

    Attributes:
        name: As the recipe and the counts call it.
        judge: The reason for objecting to a sample, or an empty string.
    """

    name: str
    judge: Callable[[Sample], str]

    def __call__(self, sample: Sample) -> str:
        """The reason for objecting to a sample, or an empty string."""
        return self.judge(sample)


class Objection(NamedTuple):
    """Which filter objected, and why."""

    filter: str
    reason: str


@dataclass
class Tally:
    """How often each filter objected, and why.

    Attributes:
        filters: In the order in which they are asked; the first to object is the one that counts.
        seen: Samples judged.
        counts: By objection; filters that never objected are not in it.
    """

    filters: Sequence[Filter]
    seen: int = 0
    counts: Counter[Objection] = field(default_factory=Counter)

    def judge(self, sample: Sample) -> Objection | None:
        """The first objection to a sample, counted; None when it is good."""
        self.seen += 1
        for each in self.filters:
            if reason := each(sample):
                objection = Objection(each.name, reason)
                self.counts[objection] += 1
                return objection
        return None

    def document(self) -> dict[str, dict[str, int]]:
        """Counts by filter and reason, with an empty row for each filter that never objected."""
        rows: dict[str, dict[str, int]] = {each.name: {} for each in self.filters}
        for (name, reason), count in sorted(self.counts.items()):
            rows[name][reason] = count
        return rows
