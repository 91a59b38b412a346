"""A recipe's `train` section in the words of `transformers.TrainingArguments`.

This module knows nothing of models or data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import TrainingArguments

from medgpt_cli.training.micro_batches import micro_batch

SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}
"""Cosine (arXiv 1608.03983): lr(t) = lr/2 · (1 + cos(π·t/T)) after a linear warm-up; linear: to zero at T."""


def run_length(train: Any, rows: int, *, ranks: int = 1) -> tuple[int, int]:
    """How long the whole run is, as (rows, optimiser steps).

    Args:
        train: The recipe's `train` section.
        rows: Rows of the first pass over the data: records, or rows of several.
        ranks: Processes that share a step, each with rows of its own.
    """
    a_step = micro_batch(train, ranks).rows_of_step
    if train.max_steps is not None:
        return train.max_steps * a_step, int(train.max_steps)
    total = max(1, round(rows * train.epochs))
    return total, math.ceil(total / a_step)


def training_arguments(
    train: Any,
    *,
    checkpoints: Path,
    steps: int,
    ranks: int = 1,
    bf16: bool,
    cpu: bool,
    deepspeed: dict[str, Any] | None = None,
    report_to: Sequence[str] = (),
) -> TrainingArguments:
    """The stock trainer's arguments, with everything that phones home or hides trouble switched off.

    Args:
        train: The recipe's `train` section.
        checkpoints: The run's folder of checkpoints.
        steps: Optimiser steps of the whole run.
        ranks: Processes with rows of their own.
        bf16: Compute in bfloat16 over float32 weights.
        cpu: Stay on the CPU even if a device is there.
        deepspeed: What `training.engine` says, where processes share the model.
        report_to: Trackers; none unless named.
    """
    batch = micro_batch(train, ranks)
    arguments = TrainingArguments(
        output_dir=str(checkpoints),
        seed=train.seed,
        data_seed=train.seed,
        max_steps=steps,
        ignore_data_skip=True,  # the stream itself begins where the run goes on
        per_device_train_batch_size=batch.rows,
        per_device_eval_batch_size=batch.records_to_watch,
        gradient_accumulation_steps=train.accumulate,
        learning_rate=train.lr,
        lr_scheduler_type=SCHEDULES[train.schedule],
        warmup_steps=int(steps * train.warmup),
        weight_decay=train.weight_decay,
        max_grad_norm=train.clip,
        logging_strategy="steps",
        logging_first_step=True,
        logging_steps=train.log_steps,
        logging_nan_inf_filter=False,  # a loss that is not a number must be seen
        save_strategy="steps",
        save_steps=train.save_steps,
        eval_strategy="steps" if train.eval_steps else "no",
        eval_steps=train.eval_steps,
        prediction_loss_only=True,
        label_names=["labels"],
        remove_unused_columns=False,
        disable_tqdm=True,
        report_to=list(report_to) or "none",
        push_to_hub=False,
        bf16=bf16,
        use_cpu=cpu,
        deepspeed=deepspeed,
        ddp_find_unused_parameters=False,
    )
    # The stock trainer would put a copy on every device and multiply the batch by their number.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments
