"""Two real processes under gloo: DDP, and DeepSpeed's ZeRO-3, on batches with and without images."""

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

from medgpt_cli.app import main

LINE = [
    "sft", "--data", "local.jsonl", "train.max_steps=4", "train.lr=1e-3", "train.warmup=0", "train.save_steps=2",
]  # fmt: skip
ZERO = [*LINE, "train.batch_size=1", "engine.deepspeed=true"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two records with an image, two without, so that most steps have one of each on the two ranks."""
    folder = tmp_path_factory.mktemp("ranks")
    Image.radial_gradient("L").resize((140, 90)).save(folder / "slice.png")
    (folder / "local.jsonl").write_text(
        '{"question": "Which plane?", "answer": "axial", "image": "slice.png"}\n'
        '{"question": "Bright?", "answer": "yes", "image": "slice.png"}\n'
        '{"text": "Dullness is a sign."}\n{"text": "Egophony is another sign."}\n'
    )
    return folder


def launch(folder: Path, words: list[str], ranks: int = 2) -> subprocess.CompletedProcess[str]:
    line = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        str(ranks),
    ]
    return subprocess.run(
        [*line, "--standalone", "-m", "medgpt_cli", *words],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def losses(run: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (run / "metrics.jsonl").read_text().splitlines()]


def tokens(run: Path) -> list[int]:
    return [json.loads(line)["tokens"] for line in (run / "metrics.jsonl").read_text().splitlines()]


def balances(run: Path) -> list[float]:
    return [json.loads(line)["router_aux"] for line in (run / "metrics.jsonl").read_text().splitlines()]


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "model" / "model.safetensors")


@pytest.fixture(scope="module")
def alone(folder: Path) -> Path:
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert main([*LINE, "train.batch_size=2", "--out", "alone"]) == 0
    finally:
        os.chdir(before)
    return folder / "alone"


@pytest.fixture(scope="module")
def zero(folder: Path) -> Path:
    done = launch(folder, [*ZERO, "--out", "zero"])
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("4 steps, loss") == 1  # the first process alone talks
    return folder / "zero"


def test_two_processes_equal_one(folder: Path, alone: Path) -> None:
    done = launch(folder, [*LINE, "train.batch_size=1", "--out", "ddp"])
    assert done.returncode == 0, done.stderr[-3000:]
    assert losses(folder / "ddp") == pytest.approx(losses(alone), abs=1e-5)


@pytest.mark.slow  # four runs in processes of their own
def test_two_processes_count_each_validation_record_once(folder: Path) -> None:
    odd = (folder / "local.jsonl").read_text().splitlines()[:3]
    (folder / "held.jsonl").write_text("\n".join(odd) + "\n")
    line = [*ZERO, "data.validation=[held.jsonl]", "train.eval_steps=2"]
    found = []
    for ranks in (1, 2):
        done = launch(
            folder, [*line, "--out", f"held-{ranks}", f"train.accumulate={3 - ranks}"], ranks=ranks
        )
        assert done.returncode == 0, done.stderr[-3000:]
        lines = (folder / f"held-{ranks}" / "metrics.jsonl").read_text().splitlines()
        found += [
            each["validation_loss"] for each in map(json.loads, lines) if "validation_loss" in each
        ]
    assert len(found) == 4
    assert found[2:] == pytest.approx(found[:2], abs=1e-5)


@pytest.mark.parametrize("engine", [[], ["engine.deepspeed=true"]], ids=["ddp", "zero-3"])
def test_two_processes_that_share_packed_rows_equal_one(folder: Path, engine: list[str]) -> None:
    name = "-".join(["shared", *engine]).replace("=", "-")
    line = [*LINE, "train.packing=true", "train.max_length=256", "train.batch_size=2"]
    words = [*line, "engine.sequence_parallel=2", "engine.checkpointing=on", *engine]
    done = launch(folder, [*words, "--out", name])
    assert done.returncode == 0, done.stderr[-3000:]
    done = launch(folder, [*line, "--out", f"{name}-alone"], ranks=1)
    assert done.returncode == 0, done.stderr[-3000:]
    assert losses(folder / name) == pytest.approx(losses(folder / f"{name}-alone"), abs=1e-5)
    assert tokens(folder / name) == tokens(folder / f"{name}-alone")
    one, two = weights(folder / f"{name}-alone"), weights(folder / name)
    for key, tensor in one.items():
        torch.testing.assert_close(two[key], tensor, atol=1e-3, rtol=0, msg=key)


def test_routers_are_balanced_alike_over_two_processes_and_over_two_passes(folder: Path) -> None:
    line = [*LINE, "train.batch_size=1", "train.router_aux=0.5"]
    name = "aux"
    done = launch(folder, [*line, "--out", name])
    assert done.returncode == 0, done.stderr[-3000:]
    done = launch(folder, [*line, "train.accumulate=2", "--out", f"{name}-alone"], ranks=1)
    assert done.returncode == 0, done.stderr[-3000:]
    assert losses(folder / name) == pytest.approx(losses(folder / f"{name}-alone"), abs=1e-5)
    assert balances(folder / name) == pytest.approx(balances(folder / f"{name}-alone"), abs=1e-5)
    one, two = weights(folder / f"{name}-alone"), weights(folder / name)
    for key, tensor in one.items():
        torch.testing.assert_close(two[key], tensor, atol=1e-3, rtol=0, msg=key)


def test_zero_3_equals_one_process(alone: Path, zero: Path) -> None:
    assert losses(zero) == pytest.approx(losses(alone), abs=1e-5)
    one, two = weights(alone), weights(zero)
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, atol=1e-3, rtol=0, msg=name)


def test_two_processes_share_the_tokens_of_a_step(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row has one record or several, with an image or without, and each process takes as many rows."""
    monkeypatch.chdir(folder)
    line = [*LINE, "train.batch_tokens=300"]
    assert main([*line, "--out", "tokens-alone", "train.accumulate=2"]) == 0
    done = launch(folder, [*line, "--out", "tokens", "engine.deepspeed=true"])
    assert done.returncode == 0, done.stderr[-3000:]
    assert losses(folder / "tokens") == pytest.approx(losses(folder / "tokens-alone"), abs=1e-5)
    assert tokens(folder / "tokens") == tokens(folder / "tokens-alone")
    assert len(set(tokens(folder / "tokens"))) > 1


def test_a_sharded_run_cut_in_two_ends_in_the_same_weights(folder: Path, zero: Path) -> None:
    shutil.copytree(zero, folder / "cut")
    for path in ("checkpoints/step-4", "model"):
        shutil.rmtree(folder / "cut" / path)
    state = json.loads((folder / "cut" / "state.json").read_text())
    (folder / "cut" / "state.json").write_text(json.dumps({**state, "state": "running"}))
    done = launch(folder, [*ZERO, "--out", "cut", "--resume"])
    assert done.returncode == 0, done.stderr[-3000:]
    whole, parts = weights(zero), weights(folder / "cut")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert losses(folder / "cut") == losses(zero)


def test_another_number_of_processes_is_refused(
    folder: Path, zero: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(zero, folder / "fewer")
    state = json.loads((folder / "fewer" / "state.json").read_text())
    (folder / "fewer" / "state.json").write_text(json.dumps({**state, "state": "running"}))
    monkeypatch.chdir(folder)
    assert main([*ZERO, "--out", "fewer", "--resume"]) == 2
    assert "was begun by 2 processes, and these are 1" in capsys.readouterr().err
