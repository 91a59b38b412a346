"""How near the planner comes: its memory and time beside those of processes that really train.

    python -m tests.benchmarks.bench_plan FOLDER [NAME...]

Small models of both families; length, batch, packing, vocabulary, micro-batches and frozen parts vary.  Each is
trained twice, in processes of their own with one thread: as people run it, and with an allocator told to give freed
memory back, where nothing but what the model of memory names is left.  Resident memory at its peak, less that after
imports.  Time is processor seconds of the fastest step, beside operations by the rate of bare products.  Writes
FOLDER/plan.json and prints a table.  Nothing is asserted here.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
import transformers

from medgpt_cli.core import tables
from medgpt_cli.training.parts import PARTS
from medgpt_cli.training.plan.activations import Batch
from medgpt_cli.training.plan.flops import flops
from medgpt_cli.training.plan.memory import Memory, memory
from medgpt_cli.training.plan.shapes import Shape, shape_of
from medgpt_cli.training.plan.sharing import LOOSE, Device, Sharing

ROOT = Path(__file__).parents[2]
RETURNS = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""glibc's malloc gives every larger piece back as soon as it is freed."""

TINY = {
    "model_type": "gpt_oss",
    "vocab_size": 4160,
    "hidden_size": 128,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "sliding_window": 32,
    "pad_token_id": 0,
}
SMALL = TINY | {
    "vocab_size": 8192,
    "hidden_size": 512,
    "intermediate_size": 512,
    "num_attention_heads": 8,
    "head_dim": 64,
    "sliding_window": 128,
}
LLAMA = {
    "model_type": "llama",
    "vocab_size": 8192,
    "hidden_size": 512,
    "intermediate_size": 1376,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "num_key_value_heads": 8,
    "pad_token_id": 0,
}
TINY_TOWER = {
    "model_type": "clip_vision_model",
    "hidden_size": 128,
    "intermediate_size": 512,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "image_size": 112,
    "patch_size": 14,
}
TOWER = TINY_TOWER | {"hidden_size": 256, "intermediate_size": 1024, "image_size": 224}


def spec(
    text: dict[str, Any],
    tower: dict[str, Any],
    batch_size: int,
    records: list[tuple[int, int]],
    *,
    supervised: float = 0.5,
    accumulate: int = 1,
    frozen: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A run: a model, rows of (tokens, images), and what learns."""
    config = {
        "text_config": text,
        "vision_config": tower,
        "image_token_id": text["vocab_size"] - 1,
        "vision_feature_layer": -2,
        "vision_feature_select_strategy": "default",
    }
    return {
        "config": config,
        "batch_size": batch_size,
        "records": records,
        "supervised": supervised,
        "accumulate": accumulate,
        "frozen": frozen,
    }


RUNS = {
    "tiny": spec(TINY, TINY_TOWER, 16, [(200, 1)]),
    "tiny, packed": spec(TINY, TINY_TOWER, 2, [(500, 2)] * 8),
    "small": spec(SMALL, TOWER, 4, [(400, 1)]),
    "small, two long records": spec(SMALL, TOWER, 1, [(3000, 1)] * 2),
    "small, vocabulary 100,032": spec(SMALL | {"vocab_size": 100_032}, TOWER, 2, [(400, 1)]),
    "small, 2 micro-batches": spec(SMALL, TOWER, 2, [(400, 1)], accumulate=2),
    "small, projector learns": spec(
        SMALL, TOWER, 4, [(400, 1)], frozen=("vision", "llm", "experts", "router")
    ),
    "small, experts frozen": spec(SMALL, TOWER, 4, [(400, 1)], frozen=("experts", "router")),
    "llama": spec(LLAMA, TOWER, 4, [(400, 1)], supervised=1.0),
    "llama, packed": spec(LLAMA, TOWER, 1, [(500, 1)] * 8, supervised=1.0),
}


def planned(run: dict[str, Any], *, loose: float) -> tuple[Shape, Batch, Memory]:
    """What the planner says of a run."""
    shape = shape_of("run", run["config"], {part: part not in run["frozen"] for part in PARTS})
    lengths = [length for length, _ in run["records"]] * run["batch_size"]
    images = sum(count for _, count in run["records"]) * run["batch_size"]
    tokens = sum(lengths)
    batch = Batch(tokens, round(tokens * run["supervised"]), images, tokens / len(lengths))
    device = Device("cpu", False, "cpu-flash", loose)
    return shape, batch, memory(shape, batch, Sharing(), device, accumulate=run["accumulate"])


def measured(run: dict[str, Any], **env: str) -> dict[str, Any]:
    """What a process that trains it takes."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.plan_child", json.dumps(run)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | env,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def row(run: dict[str, Any]) -> dict[str, Any]:
    """Planned and measured, of one run."""
    shape, batch, tight = planned(run, loose=0.0)
    _, _, usual = planned(run, loose=LOOSE["cpu"])
    returning, plain = measured(run, **RETURNS), measured(run)
    operations = flops(shape, batch).total * run["accumulate"]
    return {
        "parameters": shape.count(),
        "planned_bytes": usual.total,
        "measured_bytes": plain["peak"],
        "error": usual.total / plain["peak"] - 1,
        "planned_bytes_of_tensors": tight.total,
        "measured_bytes_returning": returning["peak"],
        "error_of_tensors": tight.total / returning["peak"] - 1,
        "moment": usual.moment,
        "parts": tight.parts,
        "operations": operations,
        "seconds": plain["seconds"],
        "rate": plain["rate"],
        "utilisation": operations / plain["seconds"] / plain["rate"],
    }


def run(folder: Path, *names: str) -> None:
    """Measures, writes `plan.json` into `folder`, and prints the table."""
    found = {name: row(RUNS[name]) for name in names or RUNS}
    document = {
        "what": "planned and measured peaks of resident memory, less that after imports",
        "python": platform.python_version(),
        "machine": platform.platform(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "load": os.getloadavg()[0],
        "runs": found,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(document, indent=2) + "\n")
    rows = [
        (
            name,
            f"{each['planned_bytes'] / 2**20:,.0f}",
            f"{each['measured_bytes'] / 2**20:,.0f}",
            f"{each['error']:+.1%}",
            f"{each['planned_bytes_of_tensors'] / 2**20:,.0f}",
            f"{each['measured_bytes_returning'] / 2**20:,.0f}",
            f"{each['error_of_tensors']:+.1%}",
            f"{each['utilisation']:.0%}",
        )
        for name, each in found.items()
    ]
    heads = ("run", "planned MiB", "measured", "error", "tensors MiB", "returning", "error", "of rate")
    sys.stdout.write(tables.aligned(heads, rows) + "\n")


if __name__ == "__main__":
    run(Path(sys.argv[1]), *sys.argv[2:])
