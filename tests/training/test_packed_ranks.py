"""Adapters beside packed experts, trained by two real processes under gloo: each holds the packed weights whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

pytestmark = pytest.mark.slow

LINE = [
    "adapt", "--data", "local.jsonl", "--model", "tiny-untrained", "train.max_steps=3", "train.lr=1e-3",
    "train.warmup=0", "lora.r=4", "lora.experts=true", "lora.ranks.experts=2", "lora.quantise_base=mxfp4",
]  # fmt: skip
ZERO = ["engine.deepspeed=true", "engine.zero=2"]


def launch(folder: Path, words: list[str], ranks: int) -> dict[str, torch.Tensor]:
    launcher = [sys.executable, "-W", "ignore", "-m"]
    if ranks > 1:
        launcher += ["torch.distributed.run", "--nproc-per-node", str(ranks), "--standalone", "-m"]
    out = "-".join(["run", str(ranks), *words]).replace("=", "-")
    done = subprocess.run(
        [*launcher, "medgpt_cli", *LINE, f"train.batch_size={2 // ranks}", *words, "--out", out],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "experts are kept in MXFP4" in done.stderr
    return load_file(folder / out / "adapter/adapter_model.safetensors")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    (folder / "local.jsonl").write_text(
        '{"question": "What is HU?", "answer": "A unit of density."}\n{"text": "Dullness is a sign."}\n'
        * 2
    )
    return folder


@pytest.fixture(scope="module")
def alone(folder: Path) -> dict[str, torch.Tensor]:
    return launch(folder, [], ranks=1)


@pytest.mark.parametrize("engine", [[], ZERO], ids=["ddp", "zero-2"])
def test_two_processes_equal_one(
    folder: Path, alone: dict[str, torch.Tensor], engine: list[str]
) -> None:
    two = launch(folder, engine, ranks=2)
    assert alone.keys() == two.keys()
    for key, tensor in alone.items():
        torch.testing.assert_close(two[key], tensor, atol=1e-3, rtol=0, msg=key)
