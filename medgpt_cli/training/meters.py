"""What is measured while training: one JSON line a step, and a progress line for the person.

Loss (of each source too, where there are several), learning rate, gradient norm, tokens, tokens per second and
memory; never a word of the data.
This module knows nothing of recipes.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import time
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from medgpt_cli.core import console
from medgpt_cli.core.distributed import is_first, sum_of
from medgpt_cli.core.files import append_line, write_text
from medgpt_cli.training.source_losses import SourceLosses

PLAIN_EVERY = 10.0
"""Seconds between two progress lines when stderr is not a terminal."""


def peak_memory() -> int:
    """Bytes: the device's peak where there is one, else this process's peak resident memory."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def cut_after(path: Path, step: int) -> None:
    """Drops the lines of steps after `step`, which a resumed run will write again."""
    if path.exists():
        kept = [line for line in path.read_text().splitlines() if json.loads(line)["step"] <= step]
        write_text(path, "".join(line + "\n" for line in kept))


class Meters(TrainerCallback):
    """Writes `metrics.jsonl` and tells the person how far the run is.

    Args:
        path: `metrics.jsonl`.
        sources: The sums of each source of the training mix, where there are several.
        validation_sources: The same for validation.
    """

    def __init__(
        self,
        path: Path,
        *,
        sources: SourceLosses | None = None,
        validation_sources: SourceLosses | None = None,
    ) -> None:
        self._path = path
        self._sources = sources
        self._validation_sources = validation_sources
        self._trainer: Any = None
        self._progress = Progress()
        self._began = 0.0
        self._step_began = 0.0
        self._tokens_before = 0

    def attach(self, trainer: Any) -> None:
        """Tells which trainer counts the tokens."""
        self._trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts the clock."""
        self._began = self._step_began = time.perf_counter()
        self._progress.start(state.global_step, state.max_steps)

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any
    ) -> None:
        """Writes one line; a loss that no step was taken on is left empty."""
        logs = logs or {}
        if "eval_loss" in logs:
            measured = {
                "step": state.global_step,
                "validation_loss": _number(logs["eval_loss"]),
                **self._by_source("validation_sources", self._validation_sources),
            }
            self._write(measured)
            self._step_began = time.perf_counter()
            return
        if "loss" not in logs:
            return
        now = time.perf_counter()
        tokens = int(sum_of(self._trainer.tokens - self._tokens_before))
        line = {
            "step": state.global_step,
            "loss": logs["loss"],
            "lr": logs["learning_rate"],
            "grad_norm": _number(logs.get("grad_norm")),
            "tokens": tokens,
            "tokens_per_s": round(tokens / (now - self._step_began), 1),
            "memory": peak_memory(),
            **self._by_source("sources", self._sources),
            **({"refused": logs["refused"]} if "refused" in logs else {}),
            **self._router_aux(),
        }
        self._write(line)
        self._tokens_before = self._trainer.tokens
        self._step_began = now
        self._progress.update(state.global_step, logs["loss"], line["tokens_per_s"])

    def _write(self, line: dict[str, Any]) -> None:
        if is_first():
            append_line(self._path, json.dumps(line, allow_nan=False))

    def _by_source(self, key: str, losses: SourceLosses | None) -> dict[str, Any]:
        if losses is None:
            return {}
        taken = losses.take(self._trainer.accelerator)
        return {
            key: {
                name: {"loss_sum": _number(each["loss_sum"]), "tokens": each["tokens"]}
                for name, each in taken.items()
            }
        }

    def _router_aux(self) -> dict[str, Any]:
        losses: SourceLosses | None = getattr(self._trainer, "router_losses", None)
        if losses is None:
            return {}
        taken = losses.take(self._trainer.accelerator)["router_aux"]
        return {"router_aux": taken["loss_sum"] / taken["tokens"] if taken["tokens"] else None}

    def close(self) -> None:
        """Leaves the terminal as it was, however training ended."""
        self._progress.stop()


def _number(value: float | None) -> float | None:
    """JSON has no word for infinity; such a value is left empty."""
    return value if value is not None and math.isfinite(value) else None


class Progress:
    """A bar on a terminal, a plain line now and then elsewhere, nothing when quiet."""

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
            BarColumn(),
            TextColumn("loss {task.fields[loss]}  {task.fields[rate]} tokens/s"),
            TimeRemainingColumn(),
            console=console.talk(),
        )
        self._bar.start()
        self._task = self._bar.add_task("", total=total, completed=step, loss="…", rate="…")

    def update(self, step: int, loss: float | None, rate: float) -> None:
        """Tells the newest loss, if a step was taken, and rate."""
        said = "–" if loss is None else f"{loss:.3f}"
        if self._bar is not None:
            self._bar.update(self._task, completed=step, loss=said, rate=f"{rate:,.0f}")
            return
        now = time.perf_counter()
        if step == self._total or now - self._told >= PLAIN_EVERY:
            self._told = now
            left = (now - self._began) / max(step - self._first, 1) * (self._total - step)
            console.say(
                f"step {step}/{self._total}  loss {said}  {rate:,.0f} tokens/s  {duration(left)} left"
            )

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
