"""What an optimiser step costs here, beside the stock trainer with length grouping and beside TRL's.

    python -m tests.benchmarks.bench_train FOLDER [ROUNDS] [--peer PYTHON] [--batch B] [--accumulate A] [--model NAME]

Every engine in a process of its own (`step_child`), in turns; medians over the rounds.  The same weights, records and
micro-batches; equal losses are shown first (nats a supervised token over the pass).  Supervised tokens by processor
seconds, pictures read inside the step.  Memory is the peak of resident memory less that after imports, weights,
gradients and AdamW's moments included; those, 16 bytes a parameter, are told beside it.  Utilisation: operations of the
model by `plan.flops`, tower and head included and no padding counted, a processor second, by those of bare products of
the model's shapes in float32.  TRL is run by this interpreter where it is installed, or by another environment's
(`--peer`).
Writes FOLDER/train.json and prints a table.  Nothing is asserted here.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch

from medgpt_cli.core import tables
from medgpt_cli.training.parts import PARTS
from medgpt_cli.training.plan.activations import Batch
from medgpt_cli.training.plan.flops import flops
from medgpt_cli.training.plan.machine import matmul_rate
from medgpt_cli.training.plan.shapes import shape_of
from tests.benchmarks.measuring import child, environment, write
from tests.benchmarks.step_material import (
    VOCABULARIES,
    config,
    model_and_processor,
    read_records,
    write_records,
)

ENGINES = ("medgpt", "trainer", "trl")
RECORDS = 16
BATCH, ACCUMULATE = 4, 2
ROUNDS = 5


def summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """One engine's medians."""
    learnt = sum(rounds[0]["supervised"])
    nats = sum(
        loss * count for loss, count in zip(rounds[0]["losses"], rounds[0]["supervised"], strict=True)
    )
    return {
        "loss": nats / learnt,
        "supervised": learnt,
        "cpu_seconds": median(sum(each["cpu_seconds"]) for each in rounds),
        "wall_seconds": median(sum(each["wall_seconds"]) for each in rounds),
        "supervised_per_cpu_second": learnt / median(sum(each["cpu_seconds"]) for each in rounds),
        "peak": median(each["peak"] for each in rounds),
        "state": rounds[0]["state"],
        "attention": rounds[0]["attention"],
        "rounds": rounds,
    }


def useful(vocabulary: str, path: Path) -> tuple[float, float]:
    """Operations of the model over the pass, and operations that bare products do in a processor second."""
    shape = shape_of(vocabulary, config(vocabulary), dict.fromkeys(PARTS, True))
    _, processor = model_and_processor("vocabulary 4,160")
    records, _ = read_records(path, processor)
    operations = 0.0
    for record in records:
        learnt = sum(label >= 0 for label in record.labels)
        length = len(record.input_ids)
        operations += flops(shape, Batch(length, learnt, len(record.images), length)).total
    cpu, wall = time.process_time(), time.perf_counter()
    rate = matmul_rate(shape, bf16=False)  # by the wall, on a machine that may be busy
    return operations, rate * (time.perf_counter() - wall) / (time.process_time() - cpu)


def peer_absent(python: str) -> str:
    """Why TRL cannot be run by an interpreter; empty when it can."""
    done = subprocess.run([python, "-c", "import trl"], capture_output=True, text=True)
    return (
        ""
        if done.returncode == 0
        else "not run: TRL is not installed (--peer PYTHON names one that has it)"
    )


def run(
    folder: Path,
    rounds: int = ROUNDS,
    *,
    peer: str = sys.executable,
    batch: int = BATCH,
    accumulate: int = ACCUMULATE,
    models: tuple[str, ...] = tuple(VOCABULARIES),
) -> None:
    """Measures, writes `train.json` into `folder`, and prints the table."""
    missing = peer_absent(peer)
    engines = ENGINES[: 2 if missing else 3]
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as held:
        path = write_records(Path(held), RECORDS, seed=0)
        for model in models:
            measured: dict[str, list[dict[str, Any]]] = {engine: [] for engine in engines}
            for turn in range(rounds):
                for engine in engines if turn % 2 == 0 else engines[::-1]:
                    measured[engine].append(
                        child(
                            "step_child",
                            engine,
                            model,
                            str(path),
                            str(batch),
                            str(accumulate),
                            python=peer if engine == "trl" else sys.executable,
                        )
                    )
            operations, rate = useful(model, path)
            found[model] = {engine: summary(each) for engine, each in measured.items()}
            for each in found[model].values():
                each["utilisation"] = operations / each["cpu_seconds"] / rate
            found[model] |= {"operations": operations, "rate": rate} | (
                {"trl": missing} if missing else {}
            )
    document = {
        "what": "one pass of optimiser steps over the same records by three engines",
        "batch": batch,
        "accumulate": accumulate,
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        **environment("accelerate", "deepspeed"),
        "models": found,
    }
    write(folder, "train", document)
    sys.stdout.write(table(found) + "\n")


def table(found: dict[str, Any]) -> str:
    """The results as a person reads them."""
    rows = []
    for model, engines in found.items():
        own = engines["medgpt"]
        for engine in ENGINES:
            each = engines[engine]
            if isinstance(each, str):
                rows.append((model, engine, each, "", "", "", "", ""))
                continue
            rows.append(
                (
                    model,
                    engine,
                    f"{each['loss']:.6f}",
                    f"{each['supervised_per_cpu_second']:,.1f}",
                    f"{each['cpu_seconds'] / own['cpu_seconds']:.2f}x",
                    f"{each['peak'] / 2**30:.2f} ({each['state'] / 2**30:.2f})",
                    f"{own['peak'] / each['peak']:.2f}x",
                    f"{each['utilisation']:.0%}",
                )
            )
    heads = (
        "model",
        "engine",
        "loss",
        "supervised/CPU-s",
        "its time by ours",
        "peak GiB (state)",
        "our peak by its",
        "of rate",
    )
    return tables.aligned(heads, rows)


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("folder", type=Path)
    words.add_argument("rounds", type=int, nargs="?", default=ROUNDS)
    words.add_argument("--peer", default=sys.executable)
    words.add_argument("--batch", type=int, default=BATCH)
    words.add_argument("--accumulate", type=int, default=ACCUMULATE)
    words.add_argument("--model", choices=tuple(VOCABULARIES))
    chosen = words.parse_args()
    run(
        chosen.folder,
        chosen.rounds,
        peer=chosen.peer,
        batch=chosen.batch,
        accumulate=chosen.accumulate,
        models=(chosen.model,) if chosen.model else tuple(VOCABULARIES),
    )
