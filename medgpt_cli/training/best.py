"""Which checkpoint had the lowest validation loss, as the run's own metrics say.

This module knows nothing of models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple


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
