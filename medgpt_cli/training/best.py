"""Which checkpoint had the lowest validation loss, as the run's own metrics say; and which are thrown away.

This module knows nothing of models.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

from medgpt_cli.core import rundir


class Best(NamedTuple):
    """The lowest validation loss of a run.

    Attributes:
        step: After which it was measured.
        validation_loss: Nats a token.
    """

    step: int
    validation_loss: float

    @property
    def checkpoint(self) -> str:
        """The name of its checkpoint."""
        return f"step-{self.step}"


def best_of(metrics: Path, reached: int) -> Best | None:
    """The lowest so far, the earliest of equal ones; None before any was measured.

    Args:
        metrics: `metrics.jsonl`.
        reached: The step the run goes on from; what was measured later will be measured again.
    """
    if not metrics.exists():
        return None
    lines = map(json.loads, metrics.read_text().splitlines())
    measured = [
        Best(line["step"], line["validation_loss"])
        for line in lines
        if line.get("validation_loss") is not None and line["step"] <= reached
    ]
    return min(measured, key=lambda each: each.validation_loss, default=None)


def drop_old(run: Path, keep: int, best: Best | None) -> None:
    """Removes checkpoints.

    Args:
        run: The run folder.
        keep: How many of the newest stay.
        best: Stays too, however old.
    """
    for old in rundir.checkpoints(run)[:-keep]:
        if best is None or old.name != best.checkpoint:
            # A hidden name first: a kill in the middle must not leave half a checkpoint under a whole one's name.
            shutil.rmtree(old.rename(old.with_name(f".{old.name}.old")))
