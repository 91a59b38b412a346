"""One evaluation by several processes: who asks what, where each keeps its answers, and how they become one log.

Questions about the same pictures stay together, so that work on a picture is shared by one process.  Each process
appends to a log of its own and reads those of all, so a run may go on with another number of processes.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from medgpt_cli.core import distributed
from medgpt_cli.evaluation.items import Item
from medgpt_cli.evaluation.outcomes import SampleLog
from medgpt_cli.workflows.eval_record import SAMPLES

PATIENCE = datetime.timedelta(days=7)
"""How long the first process to be done waits for the last: some answers take long."""


def meet() -> None:
    """Meets the other processes; they exchange words alone, so whatever the device they meet on the processor."""
    distributed.join("cpu", patience=PATIENCE)


def share(items: Sequence[Item], rank: int, ranks: int) -> list[Item]:
    """The items one process asks, in their order.

    Args:
        items: Of a task.
        rank: The number of the process.
        ranks: How many there are.
    """
    if ranks == 1:
        return list(items)
    loads = [0] * ranks
    owner: dict[tuple[str, ...], int] = {}
    mine = []
    for number, item in enumerate(items):
        pictures = item.images or (str(number),)
        if pictures not in owner:
            owner[pictures] = loads.index(min(loads))
        loads[owner[pictures]] += 1
        if owner[pictures] == rank:
            mine.append(item)
    return mine


def log_of(folder: Path, rank: int) -> SampleLog:
    """The log a process writes, with what the others know.

    Args:
        folder: The run folder.
        rank: The number of the process.
    """
    own = _path(folder, rank)
    return SampleLog(own, [path for path in _logs(folder) if path != own])


def merged(folder: Path) -> SampleLog:
    """All logs read by the first process, when the others have written theirs."""
    return log_of(folder, 0)


def sweep(folder: Path) -> None:
    """Removes the logs of the other processes, when the first one's holds everything."""
    for path in _logs(folder):
        if path != folder / SAMPLES:
            path.unlink()


def _path(folder: Path, rank: int) -> Path:
    return folder / (SAMPLES if rank == 0 else f"samples-{rank}.jsonl")


def _logs(folder: Path) -> list[Path]:
    return sorted([*folder.glob("samples-*.jsonl"), *folder.glob(SAMPLES)])
