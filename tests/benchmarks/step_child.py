"""One process that takes the optimiser steps of one pass, by one engine, and tells what they cost.

    python -m tests.benchmarks.step_child ENGINE VOCABULARY RECORDS BATCH ACCUMULATE

ENGINE is `medgpt`, `trainer` (stock, length grouping), or `trl`.  All are handed the same weights, the same records in
the same micro-batches (but for length grouping), AdamW at a rate of zero, so that the loss of every step can be
compared, and read the pictures inside the step.  Everything is imported first; memory is the peak less that.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from datasets import Dataset  # type: ignore[import-untyped]
from torch.nn.utils.rnn import pad_sequence
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.models.clip import modeling_clip  # noqa: F401  # imported now, not in the middle of the measurement
from transformers.models.gpt_oss import modeling_gpt_oss  # noqa: F401

from medgpt_cli.core import offline
from medgpt_cli.data.batches import EncodedDataset, Pixels, collate
from medgpt_cli.data.dialogue import IGNORED, Encoded
from medgpt_cli.models.attention.closed import close_documents
from medgpt_cli.models.libraries import quiet_libraries
from medgpt_cli.training.arguments import training_arguments
from medgpt_cli.training.exactness import exact_sums
from medgpt_cli.training.parts import PARTS, adamw, freeze, parameter_groups
from medgpt_cli.training.stream import Stream
from medgpt_cli.training.trainer import StageTrainer
from tests.benchmarks.measuring import forget_peak, resident
from tests.benchmarks.step_material import model_and_processor, read_records


class Watch(TrainerCallback):
    """Processor and wall seconds from the end of a step to the end of the next, and losses."""

    def __init__(self) -> None:
        self.cpu: list[float] = []
        self.wall: list[float] = []
        self.losses: list[float] = []

    def on_train_begin(self, *args: Any, **kwargs: Any) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        self.cpu.append(cpu - self._cpu)
        self.wall.append(wall - self._wall)
        self._cpu, self._wall = cpu, wall

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        if logs and "loss" in logs:
            self.losses.append(logs["loss"])


class Counting:
    """Puts records together by another function, and counts what is learnt in each micro-batch."""

    def __init__(self, together: Callable[[Sequence[Any]], dict[str, Any]]) -> None:
        self._together = together
        self.learnt: list[int] = []

    def __call__(self, items: Sequence[Any]) -> dict[str, Any]:
        batch = self._together(items)
        self.learnt.append(int((batch["labels"][:, 1:] != IGNORED).sum()))
        if "cu_seq_lens_q" not in batch:
            self.learnt[-1] = int((batch["labels"] != IGNORED).sum())
        return batch


def padded(pixels: Pixels, images: Sequence[tuple[str, ...]], pad: int) -> Any:
    """Records side by side, padded to the longest, as peers take them."""

    def together(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        rows = [torch.tensor(item["input_ids"]) for item in items]
        labels = [torch.tensor([IGNORED, *item["labels"][1:]]) for item in items]
        batch = {
            "input_ids": pad_sequence(rows, batch_first=True, padding_value=pad),
            "labels": pad_sequence(labels, batch_first=True, padding_value=IGNORED),
            "attention_mask": pad_sequence([torch.ones_like(row) for row in rows], batch_first=True),
        }
        shown = [path for item in items for path in images[item["number"]]]
        if shown:
            batch["pixel_values"] = pixels(shown)
        return batch

    return together


def ours(model: Any, records: list[Encoded], pixels: Pixels, watch: Watch, words: Any) -> Any:
    """This project's trainer."""
    close_documents(model)
    freeze(model, dict.fromkeys(PARTS, True))
    section = SimpleNamespace(
        seed=0,
        batch_size=words.batch,
        batch_tokens=None,
        packing=False,
        max_length=2048,
        accumulate=words.accumulate,
        lr=0.0,
        schedule="constant",
        warmup=0.0,
        weight_decay=0.0,
        clip=1.0,
        save_steps=1_000_000,
        eval_steps=None,
        log_steps=1,
    )
    steps = len(records) // (words.batch * words.accumulate)
    arguments = training_arguments(section, checkpoints=words.folder, steps=steps, bf16=False, cpu=True)
    arguments.save_strategy = "no"
    count = Counting(collate)
    trainer = StageTrainer(
        model=model,
        args=arguments,
        train_dataset=EncodedDataset(records, pixels),
        data_collator=count,
        stream=Stream(lambda number: [(row,) for row in range(len(records))], len(records)),
        save_model_files=lambda folder, weights: None,
        checkpoints=words.folder,
        keep=1,
        optimizers=(adamw(parameter_groups(model, lr=0.0, part_lr={}, weight_decay=0.0)), None),
        callbacks=[watch],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer, count


def peer(
    name: str,
    model: Any,
    processor: Any,
    records: list[Encoded],
    pixels: Pixels,
    watch: Watch,
    words: Any,
) -> Any:
    """The stock trainer with length grouping, or TRL's."""
    rows = Dataset.from_list(
        [
            {
                "input_ids": each.input_ids,
                "labels": each.labels,
                "length": len(each.input_ids),
                "number": i,
            }
            for i, each in enumerate(records)
        ]
    )
    count = Counting(padded(pixels, [each.images for each in records], processor.tokenizer.pad_token_id))
    settings = {
        "output_dir": str(words.folder),
        "per_device_train_batch_size": words.batch,
        "gradient_accumulation_steps": words.accumulate,
        "num_train_epochs": 1,
        "learning_rate": 0.0,
        "lr_scheduler_type": "constant",
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "remove_unused_columns": False,
        "label_names": ["labels"],
        "disable_tqdm": True,
        "bf16": False,
    }
    if name == "trainer":
        arguments = TrainingArguments(train_sampling_strategy="group_by_length", **settings)
        trainer = Trainer(
            model=model, args=arguments, train_dataset=rows, data_collator=count, callbacks=[watch]
        )
    else:
        from trl import SFTConfig, SFTTrainer  # type: ignore[import-not-found]

        config = SFTConfig(
            train_sampling_strategy="sequential",
            router_aux_loss_coef=0.0,
            max_length=None,
            gradient_checkpointing=False,
            dataset_kwargs={"skip_prepare_dataset": True},
            **settings,
        )
        trainer = SFTTrainer(
            model=model,
            args=config,
            train_dataset=rows,
            data_collator=count,
            processing_class=processor,
            callbacks=[watch],
        )
    trainer.remove_callback(PrinterCallback)
    return trainer, count


def run(engine: str, vocabulary: str, path: Path, batch: int, accumulate: int) -> dict[str, Any]:
    """Takes the steps, and tells seconds, bytes, and losses."""
    offline.go_offline()
    quiet_libraries()
    if engine == "trl":
        import trl  # noqa: F401
        from trl import SFTTrainer  # noqa: F401
    watch = Watch()
    before = forget_peak()
    model, processor = model_and_processor(vocabulary)
    records, pixels = read_records(path, processor)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    with tempfile.TemporaryDirectory() as folder:
        words = SimpleNamespace(batch=batch, accumulate=accumulate, folder=Path(folder))
        if engine == "medgpt":
            trainer, count = ours(model, records, pixels, watch, words)
            with exact_sums(cpu=True):
                trainer.train()
        else:
            trainer, count = peer(engine, model, processor, records, pixels, watch, words)
            trainer.train()
    learnt = [
        sum(count.learnt[start : start + accumulate])
        for start in range(0, len(watch.cpu) * accumulate, accumulate)
    ]
    return {
        "cpu_seconds": watch.cpu,
        "wall_seconds": watch.wall,
        "supervised": learnt,
        "losses": watch.losses,
        "peak": resident("VmHWM") - before,
        "state": 16 * parameters,
        "parameters": parameters,
        "attention": model.config.text_config._attn_implementation,
    }


if __name__ == "__main__":
    engine, vocabulary, path, batch, accumulate = sys.argv[1:]
    sys.stdout.write(json.dumps(run(engine, vocabulary, Path(path), int(batch), int(accumulate))) + "\n")
