"""The trainer of one stage, put together from a recipe, a model and the records it learns from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback

from medgpt_cli.core import console
from medgpt_cli.core.distributed import from_first, ranks, share_rows
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.data.batches import EncodedDataset, collate
from medgpt_cli.models.attention.choosing import Chosen, attend_by, choose_attention, has_sinks
from medgpt_cli.training import micro_batches
from medgpt_cli.training.arguments import run_length, training_arguments
from medgpt_cli.training.best import best_of
from medgpt_cli.training.checkpointing import checkpoint_layers
from medgpt_cli.training.engine import deepspeed_config
from medgpt_cli.training.guards import Guard
from medgpt_cli.training.micro_batches import MicroBatch, micro_batch
from medgpt_cli.training.parts import adamw, parameter_groups
from medgpt_cli.training.qat import RoundedExperts
from medgpt_cli.training.source_losses import SourceLosses
from medgpt_cli.training.stream import Cursor, Row, Stream
from medgpt_cli.training.trainer import CURSOR, GUARD, STATE, SaveModel, StageTrainer, TellFirstLoss
from medgpt_cli.workflows import mix
from medgpt_cli.workflows.loading import pixels_of
from medgpt_cli.workflows.stage_data import StageData
from medgpt_cli.workflows.starting import part_rates, pick_precision


def build_trainer(
    run: RunFolder,
    recipe: Any,
    model: Any,
    processor: Any,
    gathered: StageData,
    attention: Chosen,
    last: Path | None,
    save: SaveModel,
    tell_first_loss: TellFirstLoss | None = None,
) -> StageTrainer:
    """The trainer, ready to take the run's first or next step.

    Args:
        run: Where checkpoints go.
        recipe: A stage recipe.
        model: After `freeze`.
        processor: Beside it.
        gathered: What it learns from.
        attention: How the language model attends.
        last: The checkpoint the model was loaded from, when the run goes on.
        save: Writes model and processor into a folder.
        tell_first_loss: Told the loss of the untouched model.
    """
    attend_by(model, attention)
    cpu, bf16 = pick_precision(recipe.model.dtype)
    pixels = pixels_of(processor)
    mixture, parts = gathered.mixture, gathered.validation_parts
    names = [each.name for each in mixture.ingredients]
    sources = SourceLosses(names) if len(names) > 1 else None
    validated = SourceLosses(list(parts)) if len(parts) > 1 else None
    together = recipe.engine.sequence_parallel
    processes = ranks() // together
    batch = batch_of(recipe)
    total, steps = run_length(recipe.train, len(rows_of_pass(recipe, gathered, 0)), ranks=processes)
    deepspeed = deepspeed_config(recipe.engine, recipe.train, rows=batch.rows, bf16=bf16, cpu=cpu)
    validation = EncodedDataset(
        gathered.validation, pixels, mix.part_of(parts) if validated is not None else None
    )
    groups = parameter_groups(
        model, lr=recipe.train.lr, part_lr=part_rates(recipe), weight_decay=recipe.train.weight_decay
    )
    _checkpoint(model, recipe, cpu=cpu)
    trainer = StageTrainer(
        model=model,
        args=training_arguments(
            recipe.train,
            checkpoints=run.checkpoints,
            steps=steps,
            ranks=processes,
            bf16=bf16,
            cpu=cpu,
            deepspeed=deepspeed,
            report_to=recipe.engine.report_to,
        ),
        data_collator=collate,
        train_dataset=EncodedDataset(
            gathered.train, pixels, mixture.source_of if sources is not None else None
        ),
        eval_dataset=validation if gathered.validation else None,
        optimizers=(adamw(groups), None),
        stream=_stream(recipe, gathered, total, last),
        save_model_files=save,
        checkpoints=run.checkpoints,
        keep=recipe.train.keep,
        loaded_from=last,
        sources=sources,
        validation_sources=validated,
        row_group=share_rows(together),
        guard=_guard(recipe.train, last),
        router_aux=recipe.train.router_aux,
        keep_best=recipe.train.keep_best,
        best=from_first(best_of(run.metrics, step_of(last))) if recipe.train.keep_best else None,
        tell_first_loss=tell_first_loss,
    )
    trainer.remove_callback(PrinterCallback)
    if recipe.train.qat is not None:
        trainer.add_callback(_rounded(model, steps, recipe.train.qat_share))
    return trainer


def _rounded(model: Any, steps: int, share: float) -> RoundedExperts:
    rounded = RoundedExperts(model, steps=steps, share=share)
    console.say(f"experts are rounded to MXFP4 from step {rounded.start + 1} of {steps} on")
    return rounded


def _checkpoint(model: Any, recipe: Any, *, cpu: bool) -> None:
    mode = recipe.engine.checkpointing
    if mode == "offload" and cpu:
        console.say(
            "engine.checkpointing=offload is on here: a CPU's activations are in main memory already"
        )
    checkpoint_layers(model, mode, "cpu" if cpu else "cuda")


def attention_of(recipe: Any, model: Any) -> Chosen:
    """How the language model attends in training, as the recipe says and this machine allows.

    Raises:
        Missing: The recipe asks for a flash kernel, and none is installed.
        BadRecipe: It cannot be used here.
    """
    cpu, bf16 = pick_precision(recipe.model.dtype)
    return choose_attention(
        recipe.model.attention,
        device="cpu" if cpu else "cuda",
        dtype=torch.bfloat16 if bf16 else torch.float32,
        sinks=has_sinks(model),
        shared=recipe.engine.sequence_parallel > 1,
    )


def batch_of(recipe: Any) -> MicroBatch:
    """What one forward pass of this process takes in."""
    return micro_batch(recipe.train, ranks() // recipe.engine.sequence_parallel)


def rows_of_pass(recipe: Any, gathered: StageData, number: int) -> Sequence[Row]:
    """The rows of one pass over the mixture: records, or rows of several.

    Args:
        recipe: A stage recipe.
        gathered: What it learns from.
        number: The pass, from 0.
    """
    shuffled = gathered.mixture.order == "shuffled"
    return micro_batches.rows_of_pass(
        recipe.train,
        gathered.mixture.of_pass(number).tolist(),
        gathered.train.lengths,
        gathered.train.images,
        processes=ranks() // recipe.engine.sequence_parallel,
        seed=recipe.train.seed * 1_000_003 + number if shuffled else None,
    )


def _stream(recipe: Any, gathered: StageData, total: int, last: Path | None) -> Stream:
    def rows(number: int) -> Sequence[Row]:
        return rows_of_pass(recipe, gathered, number)

    if last is None:
        return Stream(rows, total)
    start = Cursor(**json.loads((last / CURSOR).read_text()))
    step = json.loads((last / STATE).read_text())["global_step"]
    done = min(step * batch_of(recipe).rows_of_step, total)
    return Stream(rows, total, start=start, done=done)


def step_of(checkpoint: Path | None) -> int:
    """The step after which a checkpoint was written; 0 where there is none."""
    return int(checkpoint.name.removeprefix("step-")) if checkpoint is not None else 0


def _guard(train: Any, last: Path | None) -> Guard:
    chosen = train.guard
    guard = Guard(
        spike=chosen.spike,
        window=chosen.window,
        warmup=chosen.warmup,
        patience=chosen.patience,
        clip=train.clip,
    )
    if last is not None:
        guard.load(json.loads((last / GUARD).read_text()))
    return guard
