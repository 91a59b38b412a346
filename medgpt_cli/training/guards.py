"""Which optimiser steps are not taken: those whose loss or gradient is no number, and those that spike.

The rule: a step is refused when its loss or the norm of its gradient (before clipping) is not finite; and, once
`warmup` good steps were taken, when the norm is longer than it would be let through (`clip`) and more than `spike`
times the median of the newest `window` good steps.  A norm that clipping would leave alone does no harm, however
short the others are.  This module knows nothing of models, and nothing of how a step is left out.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import median
from typing import Any


class Guard:
    """Judges steps, one after the other.

    Args:
        spike: Times the median that a norm may be; None refuses no finite one.
        window: Good steps the median is taken over.
        warmup: Good steps before norms are compared.
        patience: So many refused steps in a row end the run.
        clip: Longest norm that no one minds.

    Attributes:
        refused: Steps refused in the whole run.
        in_a_row: Steps refused since the last good one.
    """

    def __init__(
        self,
        *,
        spike: float | None = 10.0,
        window: int = 50,
        warmup: int = 20,
        patience: int = 5,
        clip: float = 0.0,
    ) -> None:
        self._spike = spike
        self._warmup = warmup
        self._patience = patience
        self._clip = clip
        self._norms: deque[float] = deque(maxlen=window)
        self._good = 0
        self.refused = 0
        self.in_a_row = 0

    def fault(self, loss: float, norm: float) -> str:
        """What is wrong with a step, in words; empty when nothing is.

        Args:
            loss: Of the step, over all its tokens.
            norm: Of its gradient, before clipping.
        """
        if not math.isfinite(loss):
            return "the loss is no longer a number"
        if not math.isfinite(norm):
            return "the gradient is no longer a number"
        if self._spike is None or self._good < self._warmup or norm <= self._clip:
            return ""
        usual = median(self._norms)
        if norm <= self._spike * usual:
            return ""
        return f"the gradient's norm, {norm:.3g}, is more than {self._spike:g} times the usual, {usual:.3g},"

    def keep(self, norm: float) -> None:
        """Remembers a step that is taken."""
        self._norms.append(norm)
        self._good += 1
        self.in_a_row = 0

    def refuse(self) -> bool:
        """Counts a step that is not taken, and says whether patience is at its end."""
        self.refused += 1
        self.in_a_row += 1
        return self.in_a_row >= self._patience

    def state(self) -> dict[str, Any]:
        """What a run that goes on needs, as JSON keeps it to the last bit."""
        return {
            "norms": list(self._norms),
            "good": self._good,
            "refused": self.refused,
            "in_a_row": self.in_a_row,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Goes on from what `state` said."""
        self._norms.extend(state["norms"])
        self._good = state["good"]
        self.refused, self.in_a_row = state["refused"], state["in_a_row"]
