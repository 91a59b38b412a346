"""What was lost on the way: every task at every checkpoint against the first, over the same items.

This module knows nothing of files; a run is a name and the values of its items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from medgpt_cli.evaluation.statistics import paired, paired_tallies
from medgpt_cli.evaluation.statistics.paired import Better, Comparison
from medgpt_cli.evaluation.statistics.paired_tallies import Combine


@dataclass(frozen=True, slots=True)
class Values:
    """One task in all runs.

    Attributes:
        clusters: The patient, study or image of each item.
        runs: For each run the value of each item, all in one order; empty for a measure of the whole table.
        tallies: For a measure of the whole table, for each run the counts of each item.
        combine: From summed counts to the measure.
        held: Which of the counts tell the class of an item, where classes count alike.
        better: Which end of the measure is the good one.
    """

    clusters: Sequence[str]
    runs: Sequence[Sequence[float]] = ()
    tallies: Sequence[Sequence[Sequence[float]]] = ()
    combine: Combine | None = None
    held: slice | None = None
    better: Better = "higher"

    def against_first(self, seed: int) -> list[Comparison | None]:
        """Each run after the first against it, not yet adjusted; None where a measure has no value."""
        if self.combine is None:
            return [
                paired.compare(self.runs[0], run, self.clusters, better=self.better, seed=seed)
                for run in self.runs[1:]
            ]
        return [
            paired_tallies.compare(
                self.tallies[0],
                run,
                self.clusters,
                self.combine,
                held=self.held,
                better=self.better,
                seed=seed,
            )
            for run in self.tallies[1:]
        ]


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """One task over the runs.

    Attributes:
        task: Its name.
        against_first: For each run after the first, its comparison with the first; None where the measure has no
            value.
    """

    task: str
    against_first: tuple[Comparison | None, ...]


def table(tasks: Mapping[str, Values], *, seed: int = 0) -> list[Course]:
    """Compares each run with the first, task by task; Holm runs over the whole table.

    Args:
        tasks: The values by task.
        seed: Of the draws.
    """
    found = {task: values.against_first(seed) for task, values in tasks.items()}
    adjusted = iter(paired.adjust([cell for row in found.values() for cell in row if cell]))
    return [
        Course(task=task, against_first=tuple(next(adjusted) if cell else None for cell in row))
        for task, row in found.items()
    ]
