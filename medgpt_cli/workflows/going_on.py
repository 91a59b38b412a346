"""From which checkpoint a run goes on: the newest that is whole.

A kill leaves no half checkpoint under a name of one; a disk that fails, or a copy that was broken off, does.  Such a
one is told, passed by, and kept under another name, so that the run can write its own again.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from medgpt_cli.core import console, rundir
from medgpt_cli.core.errors import HashMismatch
from medgpt_cli.core.manifest import promised_sizes, verify_files


class Start(NamedTuple):
    """Where a run begins.

    Attributes:
        checkpoint: The newest whole one; None at the beginning.
        damaged: Those after it, oldest first.
    """

    checkpoint: Path | None = None
    damaged: tuple[Path, ...] = ()


def find_start(run: Path) -> Start:
    """Looks for the newest whole checkpoint, reading every file of those it looks at.

    Args:
        run: The run folder; it is not changed.

    Raises:
        HashMismatch: There are checkpoints, and none is whole.
    """
    damaged: list[Path] = []
    for checkpoint in reversed(rundir.checkpoints(run)):
        fault = _fault(checkpoint)
        if not fault:
            return Start(checkpoint, tuple(reversed(damaged)))
        console.warn(f"checkpoints/{checkpoint.name} is damaged and passed by: {fault}")
        damaged.append(checkpoint)
    if damaged:
        raise HashMismatch(
            "no checkpoint is whole, so there is nothing to go on from",
            where=str(run),
            repair="restore one from a copy, or start anew with another --out",
        )
    return Start()


def put_aside(damaged: tuple[Path, ...]) -> None:
    """Renames damaged checkpoints, `step-8` to `damaged-step-8`; whoever does so holds the run folder."""
    for checkpoint in damaged:
        checkpoint.rename(_free(checkpoint.with_name(f"damaged-{checkpoint.name}")))


def _free(path: Path) -> Path:
    number = 1
    free = path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def _fault(checkpoint: Path) -> str:
    """What is wrong with a checkpoint; empty when nothing is."""
    try:
        if not verify_files(checkpoint):
            return "manifest.json is missing, or lists nothing"
    except HashMismatch as error:
        return error.what.partition(" that ")[0]
    for name, size in promised_sizes(checkpoint).items():
        file = checkpoint / name
        if not file.is_file() or file.stat().st_size != size:
            return f"{name} is missing or not as long as it was"
    return ""
