"""Adapters trained by two real processes under gloo: DDP and DeepSpeed, experts and a tower in full among them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from medgpt_cli.app import main
from tests.exporting import inside
from tests.launching import launch

pytestmark = pytest.mark.slow

LINE = [
    "adapt", "--data", "local.jsonl", "train.max_steps=4", "train.lr=1e-3", "train.warmup=0", "train.save_steps=2",
    "lora.r=4", "lora.experts=true", "lora.ranks.experts=2", "parts.vision.train=true",
]  # fmt: skip
BY_TWO = [*LINE, "train.batch_size=1"]
ENGINES = {
    "ddp": [],
    "zero-2": ["engine.deepspeed=true", "engine.zero=2"],
    "zero-3": ["engine.deepspeed=true"],
}


def tensors(run: Path) -> dict[str, torch.Tensor]:
    found = {}
    for name in ("adapter/adapter_model.safetensors", "model/model.safetensors"):
        found |= {f"{name}: {key}": tensor for key, tensor in load_file(run / name).items()}
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Records with and without an image, and what one process and two make of them."""
    folder = tmp_path_factory.mktemp("adapters")
    Image.radial_gradient("L").resize((140, 90)).save(folder / "slice.png")
    (folder / "local.jsonl").write_text(
        '{"question": "Which plane?", "answer": "axial", "image": "slice.png"}\n'
        '{"question": "Bright?", "answer": "yes", "image": "slice.png"}\n'
        '{"text": "Dullness is a sign."}\n{"text": "Egophony is another sign."}\n'
    )
    with inside(folder):
        assert main([*LINE, "train.batch_size=2", "--out", "alone"]) == 0
    launch(folder, *([*BY_TWO, *words, "--out", name] for name, words in ENGINES.items()))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("engine", ENGINES)
def test_two_processes_equal_one(folder: Path, engine: str) -> None:
    one, two = tensors(folder / "alone"), tensors(folder / engine)
    assert one.keys() == two.keys()
    for key, tensor in one.items():
        torch.testing.assert_close(two[key], tensor, atol=1e-3, rtol=0, msg=key)


def test_sharded_adapters_cut_in_two_end_in_the_same_weights(folder: Path) -> None:
    shutil.copytree(folder / "zero-3", folder / "cut")
    for path in ("checkpoints/step-4", "model", "adapter"):
        shutil.rmtree(folder / "cut" / path)
    state = json.loads((folder / "cut" / "state.json").read_text())
    (folder / "cut" / "state.json").write_text(json.dumps({**state, "state": "running"}))
    launch(folder, [*BY_TWO, *ENGINES["zero-3"], "--out", "cut", "--resume"])
    whole, cut = tensors(folder / "zero-3"), tensors(folder / "cut")
    assert all(torch.equal(whole[key], cut[key]) for key in whole)
