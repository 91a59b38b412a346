"""Stopping politely: the first SIGTERM or Ctrl-C saves at the next step, the second ends at once.

This module knows nothing of what is saved.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any, Literal

from transformers import TrainerCallback

Stop = Literal["SIGTERM", "SIGINT"]


class StopOnSignal(TrainerCallback):
    """Asks the trainer to save and stop when the process is told to.

    Attributes:
        received: Which signal came, or None.
    """

    def __init__(self) -> None:
        self.received: Stop | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopOnSignal:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            raise KeyboardInterrupt
        self.received = "SIGTERM" if number == signal.SIGTERM else "SIGINT"

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """Runs after each optimiser step."""
        if self.received is not None:
            control.should_save = True
            control.should_training_stop = True
        return control
