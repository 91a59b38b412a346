"""Adapters trained by two real processes under gloo: DDP and DeepSpeed, experts and a tower in full among them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

pytestmark = pytest.mark.slow

LINE = [
    "adapt", "--data", "local.jsonl", "train.max_steps=4", "train.lr=1e-3", "train.warmup=0", "train.save_steps=2",
    "lora.r=4", "lora.experts=true", "lora.ranks.experts=2", "parts.vision.train=true",
]  # fmt: skip
ZERO = ["engine.deepspeed=true"]


def launch(folder: Path, words: list[str], ranks: int = 2) -> None:
    launcher = [sys.executable, "-W", "ignore", "-m"]
    if ranks > 1:
        launcher += ["torch.distributed.run", "--nproc-per-node", str(ranks), "--standalone", "-m"]
    done = subprocess.run(
        [*launcher, "medgpt_cli", *LINE, f"train.batch_size={2 // ranks}", *words],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def tensors(run: Path) -> dict[str, torch.Tensor]:
    found = {}
    for name in ("adapter/adapter_model.safetensors", "model/model.safetensors"):
        found |= {f"{name}: {key}": tensor for key, tensor in load_file(run / name).items()}
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records with and without an image, and what one process makes of them."""
    folder = tmp_path_factory.mktemp("adapters")
    Image.radial_gradient("L").resize((140, 90)).save(folder / "slice.png")
    (folder / "local.jsonl").write_text(
        '{"question": "Which plane?", "answer": "axial", "image": "slice.png"}\n'
        '{"question": "Bright?", "answer": "yes", "image": "slice.png"}\n'
        '{"text": "Dullness is a sign."}\n{"text": "Egophony is another sign."}\n'
    )
    launch(folder, ["--out", "alone"], ranks=1)
    return folder


@pytest.mark.parametrize("engine", [[], [*ZERO, "engine.zero=2"], ZERO], ids=["ddp", "zero-2", "zero-3"])
def test_two_processes_equal_one(folder: Path, engine: list[str]) -> None:
    name = "-".join(["two", *engine]).replace("=", "-")
    launch(folder, [*engine, "--out", name])
    one, two = tensors(folder / "alone"), tensors(folder / name)
    assert one.keys() == two.keys()
    for key, tensor in one.items():
        torch.testing.assert_close(two[key], tensor, atol=1e-3, rtol=0, msg=key)


def test_sharded_adapters_cut_in_two_end_in_the_same_weights(folder: Path) -> None:
    launch(folder, [*ZERO, "--out", "whole"])
    shutil.copytree(folder / "whole", folder / "cut")
    for path in ("checkpoints/step-4", "model", "adapter"):
        shutil.rmtree(folder / "cut" / path)
    state = json.loads((folder / "cut" / "state.json").read_text())
    (folder / "cut" / "state.json").write_text(json.dumps({**state, "state": "running"}))
    launch(folder, [*ZERO, "--out", "cut", "--resume"])
    whole, cut = tensors(folder / "whole"), tensors(folder / "cut")
    assert all(torch.equal(whole[key], cut[key]) for key in whole)
