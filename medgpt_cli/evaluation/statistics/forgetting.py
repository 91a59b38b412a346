"""What was lost on the way: every task at every checkpoint against the first, over the same items.

This module knows nothing of files; a run is a name and the values of its items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from medgpt_cli.evaluation.statistics import paired
from medgpt_cli.evaluation.statistics.paired import Better, Comparison


class Values(NamedTuple):
    """One task in all runs.

    Attributes:
        runs: For each run the values of the items, all in one order.
        clusters: The patient, study or image of each item.
        better: Which end of the measure is the good one.
    """

    runs: Sequence[Sequence[float]]
    clusters: Sequence[str]
    better: Better = "higher"


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """One task over the runs.

    Attributes:
        task: Its name.
        against_first: For each run after the first, its comparison with the first.
    """

    task: str
    against_first: tuple[Comparison, ...]


def table(tasks: Mapping[str, Values], *, seed: int = 0) -> list[Course]:
    """Compares each run with the first, task by task; Holm runs over the whole table.

    Args:
        tasks: The values by task.
        seed: Of the draws.
    """
    cells = [
        (task, paired.compare(values.runs[0], run, values.clusters, better=values.better, seed=seed))
        for task, values in tasks.items()
        for run in values.runs[1:]
    ]
    made: dict[str, list[Comparison]] = {task: [] for task in tasks}
    for (task, _), cell in zip(cells, paired.adjust([cell for _, cell in cells]), strict=True):
        made[task].append(cell)
    return [Course(task=task, against_first=tuple(row)) for task, row in made.items()]
