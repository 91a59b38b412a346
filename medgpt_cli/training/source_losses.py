"""The loss of each source of a mixture, added up until it is asked for.

A mean over a mixture hides a source that is not learnt, or learnt by heart; the sums here are those of the very loss
that is trained on, so no token is computed twice.  This module knows sources by name only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


class SourceLosses:
    """Sums by source since they were last taken.

    Args:
        names: What reports call the sources, by their number.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._sums: torch.Tensor | None = None
        self._settled: torch.Tensor | None = None

    def add(self, losses: torch.Tensor, sources: torch.Tensor) -> None:
        """Adds the losses of supervised tokens.

        Args:
            losses: Nats of each token, (K,).
            sources: The number of its source, (K,).
        """
        if self._sums is None:
            # Float64, because a source may be seen millions of times between two readings.
            self._sums = torch.zeros(2, len(self.names), dtype=torch.float64, device=losses.device)
        # One source after another: adding by index is a race on some devices.
        for number in range(len(self.names)):
            own = sources == number
            self._sums[0, number] += losses[own].double().sum()
            self._sums[1, number] += own.sum()

    def settle(self) -> None:
        """What was added so far stays."""
        self._settled = None if self._sums is None else self._sums.clone()

    def unsettle(self) -> None:
        """Takes out what was added since `settle`."""
        self._sums = None if self._settled is None else self._settled.clone()

    def take(self, accelerator: Any = None) -> dict[str, dict[str, float]]:
        """The sums by source, which begin anew: `{"a.jsonl": {"loss_sum": 41.5, "tokens": 20}}`.

        Args:
            accelerator: Adds up what all processes have seen, where there are several.

        Returns:
            `loss_sum` in nats over the supervised `tokens`; a source not seen has neither token nor loss.
        """
        sums = (
            self._sums
            if self._sums is not None
            else torch.zeros(2, len(self.names), dtype=torch.float64)
        )
        self._sums = self._settled = None
        if accelerator is not None and accelerator.num_processes > 1:
            sums = accelerator.reduce(sums.to(accelerator.device), reduction="sum")
        return {
            name: {"loss_sum": sums[0, number].item(), "tokens": int(sums[1, number])}
            for number, name in enumerate(self.names)
        }
