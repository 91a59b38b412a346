"""Experts and routers in two real processes under ZeRO-3, where a block is gathered anew for each pass."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from medgpt_cli.app import main
from medgpt_cli.core.manifest import file_hashes, write_manifest
from medgpt_cli.core.microscaling import on_lattice
from medgpt_cli.models import checkpoint
from medgpt_cli.training.qat import round_experts
from tests.launching import launch
from tests.training.step_gradients import keep

LINE = [
    "sft", "--model=start", "--data=local.jsonl", "train.max_steps=2", "train.lr=1e-3", "train.warmup=0",
    "train.schedule=constant", "train.save_steps=2", "train.batch_size=1", "train.clip=0", "train.router_aux=0.5",
    "train.qat=mxfp4", "train.qat_share=1.0", "parts.experts.lr=2e-2",
]  # fmt: skip
"""Experts lie on the lattice at first: the first step is taken on what is there, the second on what was rounded."""

CHILD = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from medgpt_cli.app import main
from tests.training.step_gradients import keep
[words] = json.loads(sys.argv[1])
keep(Path(words[-1]))
sys.exit(main(words))
"""
Sharded = Callable[..., Path]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    """A model as one begins with gpt-oss, records with and without an image, and what one process makes of them."""
    folder = tmp_path_factory.mktemp("experts")
    model, processor = checkpoint.load(tiny, dtype=torch.float32)
    round_experts(model.state_dict().items())
    (folder / "start").mkdir()
    checkpoint.save(model, processor, folder / "start")
    write_manifest(folder / "start", {"files": file_hashes(folder / "start")})
    Image.radial_gradient("L").resize((140, 90)).save(folder / "slice.png")
    (folder / "local.jsonl").write_text(
        '{"question": "Which plane?", "answer": "axial", "image": "slice.png"}\n'
        '{"question": "Bright?", "answer": "yes", "image": "slice.png"}\n'
        '{"text": "Dullness is a sign."}\n{"text": "Egophony is another sign."}\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        keep(Path("alone"), patch.setattr)
        assert main([*LINE, "train.accumulate=2", "--out", "alone"]) == 0
    return folder


@pytest.fixture(scope="module")
def sharded(folder: Path) -> Sharded:
    """Trains in two processes under ZeRO-3; the run is left in the folder of this name."""

    def train(name: str, *words: str) -> Path:
        launch(folder, [*LINE, "engine.deepspeed=true", *words, "--out", name], child=CHILD)
        return folder / name

    return train


@pytest.fixture(scope="module")
def zero(sharded: Sharded) -> Path:
    """As the recipes for gpt-oss train: activations are computed anew."""
    return sharded("zero", "engine.checkpointing=on")


def logged(run: Path, what: str) -> list[float]:
    return [json.loads(line)[what] for line in (run / "metrics.jsonl").read_text().splitlines()]


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "model" / "model.safetensors")


def require_same(one: Path, two: Path) -> None:
    assert logged(two, "lr") == logged(one, "lr") == [2e-2, 2e-2]  # the highest of all parts'
    for what in ("loss", "router_aux"):
        assert logged(two, what) == pytest.approx(logged(one, what), abs=1e-4)
    for step in (1, 2):
        mine, theirs = (load_file(f"{run}-step-{step}.safetensors") for run in (one, two))
        assert len(mine) == 4 * 6
        for name, gradient in mine.items():
            largest = float(gradient.abs().max())
            assert largest > 1e-4, name
            torch.testing.assert_close(
                theirs[name], gradient, rtol=0, atol=(1e-5, 1e-3)[step - 1] * largest, msg=name
            )


def test_balanced_and_rounded_two_processes_equal_one(folder: Path, zero: Path) -> None:
    require_same(folder / "alone", zero)


def test_what_was_gathered_survives_export(
    folder: Path, zero: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = weights(folder / "alone"), weights(zero)
    other = total = 0
    for name, tensor in one.items():
        if name.endswith(("experts.gate_up_proj", "experts.down_proj")):
            assert torch.equal(two[name], on_lattice(two[name]))
            other, total = other + int((two[name] != tensor).sum()), total + tensor.numel()
        else:
            torch.testing.assert_close(two[name], tensor, atol=1e-3, rtol=0, msg=name)
    assert other < total / 1000  # a hair's breadth from where rounding turns
    monkeypatch.chdir(folder)
    assert main(["export", "--model", "zero", "--to", "mxfp4", "--out", "out"]) == 0
    experts = json.loads(Path("out/verify.json").read_text())["experts"]
    assert experts["rounded"] == 0
    found = experts["training"][0]["total"]
    assert (found["retained"], found["codes_changed"] > 0.01) == (1.0, True)


@pytest.mark.slow
def test_the_same_without_computing_anew(folder: Path, sharded: Sharded) -> None:
    require_same(folder / "alone", sharded("kept"))
