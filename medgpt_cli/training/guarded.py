"""A trainer that leaves out steps its guard refuses, on all processes together.

A refused step leaves weights and the optimiser's state as they were; it counts as a step of the run, its records are
not seen again, and the schedule goes on.  Its loss does not enter the mean that is logged.  This module knows nothing
of what a step is taken on.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from transformers import Trainer

from medgpt_cli.core import console
from medgpt_cli.core.distributed import any_of, ranks, sum_of
from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.training.guards import Guard
from medgpt_cli.training.source_losses import SourceLosses
from medgpt_cli.training.zero_steps import ask_before_steps

START_ANEW = (
    "start anew with a lower train.lr; "
    "--out NEW --model RUN/checkpoints/step-N starts from the last good weights"
)
"""What to do when training has gone astray; the run itself cannot be resumed with another recipe."""


class GuardedTrainer(Trainer):
    """The stock trainer, asking before each step.

    Attributes:
        guard: Judges steps.
        sums: Losses added up between two log lines, from which those of refused steps are taken out again.
        refused_since_log: Steps refused since the last log line.
    """

    def __init__(self, *args: Any, guard: Guard | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.guard = guard or Guard()
        self.sums: list[SourceLosses] = []
        self.refused_since_log = 0
        self._taken_since_log = 0
        self._of_step: torch.Tensor | float = 0.0
        self._of_taken: torch.Tensor | float = 0.0
        self._refused = False
        self._norm = 0.0
        self._asks = False

    def add_to_step(self, loss: torch.Tensor) -> None:
        """Adds a micro-batch's loss to that of the step; whoever computes losses says so here."""
        self._of_step = self._of_step + loss.detach()

    def training_step(self, model: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        """One micro-batch; with DeepSpeed the last of a step takes the step, too."""
        if self.is_deepspeed_enabled and not self._asks:
            ask_before_steps(model.optimizer, self._may_step)
            self._asks = True
        loss: torch.Tensor = super().training_step(model, *args, **kwargs)
        return loss

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        # The last thing the stock loop does before it steps; with DeepSpeed, right after the step.
        if self.is_deepspeed_enabled:
            model.optimizer.overflow = (
                False  # the schedule goes on; only a step that was left out sets it
            )
        else:
            norm = super()._get_grad_norm(model, grad_norm=grad_norm)
            if not self._may_step(float(norm)):
                model.zero_grad(set_to_none=True)  # AdamW passes by what has no gradient
        if self._refused:
            self._tr_loss.copy_(torch.as_tensor(self._of_taken))
        else:
            self._of_taken = self._tr_loss.clone()
        return self._norm

    def _may_step(self, norm: float) -> bool:
        """Whether the step is taken; all processes answer alike.

        Raises:
            BadRecipe: Too many in a row were not.
        """
        self._norm = norm
        loss = sum_of(float(self._of_step)) / ranks()
        self._of_step = 0.0
        fault = self.guard.fault(loss, norm)
        self._refused = any_of(bool(fault))
        if not self._refused:
            self.guard.keep(norm)
            self._taken_since_log += 1
            for each in self.sums:
                each.settle()
            return True
        self.refused_since_log += 1
        for each in self.sums:
            each.unsettle()
        at = f"{fault or 'another process saw a fault'} at step {self.state.global_step + 1}"
        if self.guard.refuse():
            raise BadRecipe(
                f"{at}; {self.guard.in_a_row} steps in a row were not taken, and what was saved before stays",
                where="train.lr",
                repair=START_ANEW,
            )
        console.warn(f"{at}; the step is not taken")
        return False

    def log(self, logs: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        """Passes on what was measured; a mean is over the steps that were taken, and empty without any."""
        if "loss" in logs:
            steps = self._taken_since_log + self.refused_since_log
            if self.refused_since_log:
                taken = self._taken_since_log
                logs["loss"] = logs["loss"] * steps / taken if taken else None
                logs["refused"] = self.refused_since_log
            if not math.isfinite(logs.get("grad_norm") or 0.0):
                logs["grad_norm"] = None
            self._taken_since_log = self.refused_since_log = 0
            self._of_taken = 0.0
        super().log(logs, *args, **kwargs)
