"""Stopping politely: the first SIGTERM or Ctrl-C saves at the next step, the second ends at once.

This module knows nothing of what is saved.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any, Literal

from transformers import TrainerCallback

from medgpt_cli.core.distributed import any_of
from medgpt_cli.core.errors import Interrupted, MedGPTError, StateSaved

Stop = Literal["SIGTERM", "SIGINT"]


class StopOnSignal(TrainerCallback):
    """Asks the trainer to save and stop when the process is told to.

    Attributes:
        received: Which signal came, or None.
    """

    def __init__(self) -> None:
        self.received: Stop | None = None
        self._training = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopOnSignal:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        first = self.received is None
        if first:
            self.received = "SIGTERM" if number == signal.SIGTERM else "SIGINT"
        if not (first and self._training):
            # Nothing to wait for: between steps everything is on the disk already, or nothing is begun.
            raise self.stopped("stopped")

    def stopped(self, what: str, repair: str = "give the same line again with --resume") -> MedGPTError:
        """The error that ends the run, by the signal that came first.

        Args:
            what: How far the run came.
            repair: How to go on.
        """
        kind = StateSaved if self.received == "SIGTERM" else Interrupted
        return kind(what, repair=repair)

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """From here on a step is finished and saved first."""
        self._training = True

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """From here on there is no step to finish."""
        self._training = False

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """Runs after each optimiser step; what one process was told, all do."""
        if any_of(self.received is not None):
            self.received = self.received or "SIGTERM"
            control.should_save = True
            control.should_training_stop = True
        return control
