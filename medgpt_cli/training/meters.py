"""What is measured while training: one JSON line a step.

Loss (of each source too, where there are several), learning rate, gradient norm, tokens, those that are learnt, both
a second, how full packed rows are, and memory; never a word of the data.
This module knows nothing of recipes.
"""

from __future__ import annotations

import json
import math
import resource
import time
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from medgpt_cli.core.distributed import is_first, sum_of
from medgpt_cli.core.files import append_line, write_text
from medgpt_cli.training.progress import Moment, Progress
from medgpt_cli.training.source_losses import SourceLosses


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
        row_tokens: Tokens that a packed row holds; None without packing, where no row has room left.
    """

    def __init__(
        self,
        path: Path,
        *,
        sources: SourceLosses | None = None,
        validation_sources: SourceLosses | None = None,
        row_tokens: int | None = None,
    ) -> None:
        self._path = path
        self._sources = sources
        self._validation_sources = validation_sources
        self._row_tokens = row_tokens
        self._trainer: Any = None
        self._progress = Progress()
        self._step_began = 0.0
        self._tokens_before = 0
        self._learnt_before = 0
        self._step_before = 0

    def attach(self, trainer: Any) -> None:
        """Tells which trainer counts the tokens."""
        self._trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts the clock."""
        self._step_began = time.perf_counter()
        self._step_before = state.global_step
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
        seconds = now - self._step_began
        tokens = int(sum_of(self._trainer.tokens - self._tokens_before))
        learnt = int(sum_of(self._trainer.learnt - self._learnt_before))
        line = {
            "step": state.global_step,
            "loss": logs["loss"],
            "lr": logs["learning_rate"],
            "grad_norm": _number(logs.get("grad_norm")),
            "tokens": tokens,
            "tokens_per_s": round(tokens / seconds, 1),
            "supervised": learnt,
            "supervised_per_s": round(learnt / seconds, 1),
            "memory": peak_memory(),
            **self._fill(tokens, state.global_step),
            **self._by_source("sources", self._sources),
            **({"refused": logs["refused"]} if "refused" in logs else {}),
            **self._router_aux(),
        }
        self._write(line)
        self._tokens_before, self._learnt_before = self._trainer.tokens, self._trainer.learnt
        self._step_began, self._step_before = now, state.global_step
        self._progress.update(
            Moment(
                state.global_step,
                logs["loss"],
                line["tokens_per_s"],
                line["supervised_per_s"],
                line["memory"],
                line.get("fill"),
            )
        )

    def _fill(self, tokens: int, step: int) -> dict[str, float]:
        if self._row_tokens is None:
            return {}
        rows = self._trainer.rows_until(step) - self._trainer.rows_until(self._step_before)
        return {"fill": round(tokens / (rows * self._row_tokens), 4)}

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
