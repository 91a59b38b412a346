"""How far a run is, for the person: a live line on a terminal, a plain line now and then in a log, nothing when quiet.

This module knows nothing of trainers, and nothing of how its numbers are measured.
"""

from __future__ import annotations

import sys
import time
from typing import Any, NamedTuple

from medgpt_cli.core import console

PLAIN_EVERY = 10.0
"""Seconds between two lines where stderr is no terminal."""


class Moment(NamedTuple):
    """What is known after a step.

    Attributes:
        step: Of the run.
        loss: Nats a supervised token; None where no step was taken.
        tokens_per_s: Read in a second, by all processes.
        supervised_per_s: Of which are learnt.
        memory: Peak so far, in bytes.
        fill: Share of packed rows that records fill; None without packing.
    """

    step: int
    loss: float | None
    tokens_per_s: float
    supervised_per_s: float
    memory: int
    fill: float | None

    def said(self) -> str:
        """All but the step, in words."""
        loss = "–" if self.loss is None else f"{self.loss:.3f}"
        fill = "" if self.fill is None else f"  {self.fill:.1%} full"
        return (
            f"loss {loss}  {self.tokens_per_s:,.0f} tokens/s, {self.supervised_per_s:,.0f} learnt"
            f"{fill}  {self.memory / 2**30:.1f} GiB"
        )


class Progress:
    """Tells of a run while it goes on."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._total = 0
        self._first = 0
        self._began = 0.0
        self._told = 0.0

    def start(self, step: int, total: int) -> None:
        """Shows the run at `step` of `total`."""
        self._total, self._first, self._began = total, step, time.perf_counter()
        self._told = self._began
        if console.is_quiet() or not sys.stderr.isatty():
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("step"),
            MofNCompleteColumn(),
            BarColumn(bar_width=20),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            console=console.talk(),
        )
        self._bar.start()
        self._task = self._bar.add_task("", total=total, completed=step)

    def update(self, moment: Moment) -> None:
        """Tells the newest."""
        if self._bar is not None:
            self._bar.update(self._task, completed=moment.step, description=moment.said())
            return
        now = time.perf_counter()
        if moment.step == self._total or now - self._told >= PLAIN_EVERY:
            self._told = now
            left = (now - self._began) / max(moment.step - self._first, 1) * (self._total - moment.step)
            console.say(f"step {moment.step}/{self._total}  {moment.said()}  {duration(left)} left")

    def stop(self) -> None:
        """Leaves the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
