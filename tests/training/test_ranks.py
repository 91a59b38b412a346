"""Two real processes under gloo: DDP, and DeepSpeed's ZeRO-3, on batches with and without images.

Loading torch in two processes takes several times as long as a run at toy size, so the same two processes run one
line after another.
"""

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

LINE = ["sft", "--data", "local.jsonl", "train.max_steps=4", "train.lr=1e-3", "train.warmup=0"]
ZERO = [*LINE, "train.batch_size=1", "train.save_steps=2", "engine.deepspeed=true"]
SHARED = [*LINE, "train.packing=true", "train.max_length=256", "train.batch_size=2"]
TOGETHER = [*SHARED, "engine.sequence_parallel=2", "engine.checkpointing=on"]
BALANCED = [*LINE, "train.batch_size=1", "train.router_aux=0.5"]
TOKENS = [*LINE, "train.batch_tokens=300"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two records with an image, two without, so that most steps have one of each on the two ranks."""
    folder = tmp_path_factory.mktemp("ranks")
    Image.radial_gradient("L").resize((140, 90)).save(folder / "slice.png")
    (folder / "local.jsonl").write_text(
        '{"question": "Which plane?", "answer": "axial", "image": "slice.png"}\n'
        '{"question": "Bright?", "answer": "yes", "image": "slice.png"}\n'
        '{"text": "Dullness is a sign."}\n{"text": "Egophony is another sign."}\n'
    )
    yield folder
    shutil.rmtree(folder)


def losses(run: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (run / "metrics.jsonl").read_text().splitlines()]


def tokens(run: Path) -> list[int]:
    return [json.loads(line)["tokens"] for line in (run / "metrics.jsonl").read_text().splitlines()]


def balances(run: Path) -> list[float]:
    return [json.loads(line)["router_aux"] for line in (run / "metrics.jsonl").read_text().splitlines()]


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "model" / "model.safetensors")


def alike(one: Path, other: Path) -> None:
    """Whether two runs end in the same weights, but for the order in which sums were taken."""
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        torch.testing.assert_close(second[name], tensor, atol=1e-3, rtol=0, msg=name)


def one_process(folder: Path, *words: str) -> Path:
    """Runs a line in this process, unless it was; gives its folder."""
    out = folder / words[-1]
    if not out.exists():
        with inside(folder):
            assert main(words) == 0
    return out


@pytest.fixture(scope="module")
def alone(folder: Path) -> Path:
    return one_process(folder, *LINE, "train.batch_size=2", "--out", "alone")


@pytest.fixture(scope="module")
def two(folder: Path) -> Path:
    """The folder with what two processes made of six lines; those without DeepSpeed first, which leaves its marks."""
    sharded = "engine.deepspeed=true"
    done = launch(
        folder,
        [*LINE, "train.batch_size=1", "--out", "ddp"],
        [*TOGETHER, "--out", "ddp-shared"],
        [*BALANCED, "--out", "ddp-balanced"],
        [*ZERO, "--out", "zero"],
        [*TOGETHER, sharded, "--out", "zero-shared"],
        [*TOKENS, sharded, "--out", "zero-tokens"],
    )
    assert done.stdout.count("4 steps, loss") == 6  # the first process alone talks
    return folder


@pytest.mark.parametrize("engine", ["ddp", "zero"])
def test_two_processes_equal_one(two: Path, alone: Path, engine: str) -> None:
    assert losses(two / engine) == pytest.approx(losses(alone), abs=1e-5)
    alike(alone, two / engine)


@pytest.mark.parametrize(("engine", "shards"), [("ddp", 0), ("zero", 2)])
def test_each_line_has_the_engine_it_asked_for(two: Path, engine: str, shards: int) -> None:
    for run in two.glob(f"{engine}*"):
        assert ("read straight into the shards" in (run / "log.txt").read_text()) is (shards > 0)
        assert len(list(run.glob("checkpoints/step-4/global_step4/*model_states.pt"))) == shards


@pytest.mark.slow  # four runs in processes of their own
def test_two_processes_count_each_validation_record_once(folder: Path) -> None:
    odd = (folder / "local.jsonl").read_text().splitlines()[:3]
    (folder / "held.jsonl").write_text("\n".join(odd) + "\n")
    line = [*ZERO, "data.validation=[held.jsonl]", "train.eval_steps=2"]
    found = []
    for ranks in (1, 2):
        words = ["--out", f"held-{ranks}", f"train.accumulate={3 - ranks}"]
        launch(folder, [*line, *words], ranks=ranks)
        lines = (folder / f"held-{ranks}" / "metrics.jsonl").read_text().splitlines()
        found += [
            each["validation_loss"] for each in map(json.loads, lines) if "validation_loss" in each
        ]
    assert len(found) == 4
    assert found[2:] == pytest.approx(found[:2], abs=1e-5)


@pytest.mark.parametrize("engine", ["ddp", "zero"])
def test_two_processes_that_share_packed_rows_equal_one(two: Path, engine: str) -> None:
    run, alone = two / f"{engine}-shared", one_process(two, *SHARED, "--out", "shared-alone")
    assert losses(run) == pytest.approx(losses(alone), abs=1e-5)
    assert tokens(run) == tokens(alone)
    alike(alone, run)


def test_routers_are_balanced_alike_over_two_processes_and_over_two_passes(two: Path) -> None:
    run = two / "ddp-balanced"
    alone = one_process(two, *BALANCED, "train.accumulate=2", "--out", "balanced-alone")
    assert losses(run) == pytest.approx(losses(alone), abs=1e-5)
    assert balances(run) == pytest.approx(balances(alone), abs=1e-5)
    alike(alone, run)


def test_two_processes_share_the_tokens_of_a_step(two: Path) -> None:
    """A row has one record or several, with an image or without, and each process takes as many rows."""
    run = two / "zero-tokens"
    alone = one_process(two, *TOKENS, "train.accumulate=2", "--out", "tokens-alone")
    assert losses(run) == pytest.approx(losses(alone), abs=1e-5)
    assert tokens(run) == tokens(alone)
    assert len(set(tokens(run))) > 1


def test_a_sharded_run_cut_in_two_ends_in_the_same_weights(two: Path) -> None:
    folder, zero = two, two / "zero"
    shutil.copytree(zero, folder / "cut")
    for path in ("checkpoints/step-4", "model"):
        shutil.rmtree(folder / "cut" / path)
    state = json.loads((folder / "cut" / "state.json").read_text())
    (folder / "cut" / "state.json").write_text(json.dumps({**state, "state": "running"}))
    launch(folder, [*ZERO, "--out", "cut", "--resume"])
    whole, parts = weights(zero), weights(folder / "cut")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert losses(folder / "cut") == losses(zero)


def test_another_number_of_processes_is_refused(
    two: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = two
    shutil.copytree(folder / "zero", folder / "fewer")
    state = json.loads((folder / "fewer" / "state.json").read_text())
    (folder / "fewer" / "state.json").write_text(json.dumps({**state, "state": "running"}))
    monkeypatch.chdir(folder)
    assert main([*ZERO, "--out", "fewer", "--resume"]) == 2
    assert "was begun by 2 processes, and these are 1" in capsys.readouterr().err
