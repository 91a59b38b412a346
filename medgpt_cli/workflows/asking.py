"""While a task is asked: how far it is, and whether somebody wants it to end.

On a terminal a bar, elsewhere a line at each tenth.  This module knows nothing of what is asked.
"""

from __future__ import annotations

import contextlib
import signal
from types import FrameType

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from medgpt_cli.core import console


class Asking(contextlib.AbstractContextManager["Asking"]):
    """Shows progress and turns SIGTERM into `KeyboardInterrupt`, so that both end the asking in one way.

    Args:
        task: The task's name.
        total: Questions in all.
        judged: Whether answers are right or wrong; reports are neither.

    Attributes:
        terminated: Whether SIGTERM came.
    """

    def __init__(self, task: str, total: int, *, judged: bool = True) -> None:
        self.terminated = False
        self._task = task
        self._told = 0
        self._judged = judged
        columns = (
            TextColumn(task),
            BarColumn(),
            MofNCompleteColumn(),
            *([TextColumn("{task.fields[right]} right")] if judged else []),
        )
        shown = console.talk().is_terminal and not console.is_quiet()
        self._bar = Progress(
            *columns, TimeRemainingColumn(), console=console.talk(), transient=True, disable=not shown
        )
        self._row = self._bar.add_task(task, total=total, right=0)

    def __enter__(self) -> Asking:
        self._before = signal.signal(signal.SIGTERM, self._terminate)
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()
        signal.signal(signal.SIGTERM, self._before)

    def progress(self, done: int, total: int, right: int) -> None:
        """Called after each question."""
        self._bar.update(self._row, completed=done, right=right)
        if self._bar.disable and done * 10 // total > self._told:
            self._told = done * 10 // total
            told = f", {right} right" if self._judged else ""
            console.say(f"{self._task}: {done} of {total} asked{told}")

    def _terminate(self, number: int, frame: FrameType | None) -> None:
        self.terminated = True
        raise KeyboardInterrupt
