"""One process that really trains a small model for a few steps and tells its peak of resident memory.

    python -m tests.benchmarks.plan_child JSON

Everything is imported first and that memory taken off; then the kernel's high-water mark is set back, so that the
peak is that of model, data and steps.  Weights are random; steps are those of `StageTrainer` on the CPU.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import LlavaConfig, LlavaForConditionalGeneration, TrainerCallback
from transformers.models.clip import modeling_clip  # noqa: F401  # imported now, not in the middle of the measurement
from transformers.models.gpt_oss import modeling_gpt_oss  # noqa: F401
from transformers.models.llama import modeling_llama  # noqa: F401

from medgpt_cli.core import offline
from medgpt_cli.data.batches import collate
from medgpt_cli.models.attention.closed import close_documents
from medgpt_cli.models.libraries import quiet_libraries
from medgpt_cli.training.arguments import training_arguments
from medgpt_cli.training.exactness import exact_sums
from medgpt_cli.training.parts import PARTS, adamw, freeze, parameter_groups
from medgpt_cli.training.plan.machine import matmul_rate
from medgpt_cli.training.plan.shapes import shape_of
from medgpt_cli.training.stream import Stream
from medgpt_cli.training.trainer import StageTrainer

STEPS = 3


class Rows(Dataset[list[dict[str, Any]]]):
    """Rows of records of given lengths and images, random tokens and pixels."""

    def __init__(self, spec: dict[str, Any], side: int, patches: int) -> None:
        self._spec = spec
        self._side = side
        self._patches = patches

    def __len__(self) -> int:
        return 1_000_000

    def __getitem__(self, row: Any) -> list[dict[str, Any]]:
        return [self._record(length, images) for length, images in self._spec["records"]]

    def _record(self, length: int, images: int) -> dict[str, Any]:
        last = self._spec["config"]["text_config"]["vocab_size"] - 1
        ids = torch.randint(1, last, (length,)).tolist()
        ids[1 : 1 + images * self._patches] = [last] * (images * self._patches)
        hidden = round(length * (1 - self._spec["supervised"]))
        pixels = torch.rand(images, 3, self._side, self._side) if images else None
        return {
            "input_ids": ids,
            "labels": [-100] * hidden + ids[hidden:],
            "pixel_values": pixels,
        }


class Clock(TrainerCallback):
    """Processor seconds of each step."""

    def __init__(self) -> None:
        self.spent: list[float] = []
        self._began = 0.0

    def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
        self._began = time.process_time()

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        self.spent.append(time.process_time() - self._began)


def resident(word: str) -> int:
    """Bytes behind a word of this process's status: VmRSS now, VmHWM at the peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{word}:"))


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Trains, and tells bytes and seconds."""
    offline.go_offline()
    quiet_libraries()
    torch.set_num_threads(1)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # sets the high-water mark back
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(LlavaConfig(**spec["config"]))
    close_documents(model)
    learns = {part: part not in spec["frozen"] for part in PARTS}
    freeze(model, learns)
    vision = model.config.vision_config
    rows = Rows(spec, vision.image_size, (vision.image_size // vision.patch_size) ** 2)
    total = STEPS * spec["batch_size"] * spec["accumulate"]
    section = SimpleNamespace(
        seed=0,
        max_steps=STEPS,
        batch_size=spec["batch_size"],
        batch_tokens=None,
        packing=False,
        max_length=2048,
        accumulate=spec["accumulate"],
        lr=1e-4,
        schedule="constant",
        warmup=0.0,
        weight_decay=0.0,
        clip=1.0,
        save_steps=1_000_000,
        eval_steps=None,
        log_steps=1,
    )
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        arguments = training_arguments(
            section, checkpoints=Path(folder), steps=STEPS, bf16=False, cpu=True
        )
        arguments.save_strategy = "no"
        trainer = StageTrainer(
            model=model,
            args=arguments,
            train_dataset=rows,
            data_collator=collate,
            stream=Stream(lambda number: [(row,) for row in range(total)], total),
            save_model_files=lambda _: None,
            checkpoints=Path(folder),
            keep=1,
            optimizers=(adamw(parameter_groups(model, lr=1e-4, part_lr={}, weight_decay=0.0)), None),
            callbacks=[clock],
        )
        with exact_sums(cpu=True, threads=1):
            trainer.train()
        peak = resident("VmHWM") - before
    rate = matmul_rate(shape_of("measured", spec["config"], learns), bf16=False)
    return {"peak": peak, "seconds": min(clock.spent[1:]), "rate": rate}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(json.loads(sys.argv[1]))) + "\n")
