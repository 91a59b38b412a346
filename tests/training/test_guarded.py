"""Poisoned batches in real runs: alone, cut in two, and in two processes of which one alone sees the poison."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from medgpt_cli.app import main
from medgpt_cli.training.trainer import StageTrainer
from tests.launching import CHILD, launch

LINE = [
    "sft", "--data", "local.jsonl", "train.lr=1e-3", "train.batch_size=1", "train.warmup=0",
    "train.guard.warmup=3", "train.guard.patience=2",
]  # fmt: skip
SAVED = [*LINE, "train.save_steps=1", "train.keep=20"]
NAN, SPIKE = float("nan"), 1e4

POISONED = f"""
from medgpt_cli.core.distributed import rank
from medgpt_cli.training.trainer import StageTrainer
inner = StageTrainer._losses
def losses(self, model, inputs):
    total, each = inner(self, model, inputs)
    if model.training and rank() == 1:
        total = total * {{4: float("nan"), 6: 1e4}}.get(self.state.global_step + 1, 1.0)
    return total, each
StageTrainer._losses = losses
{CHILD}"""
"""The loss of two steps is multiplied, in the second process alone."""
ENGINES = {
    "DDP": [],
    "ZeRO-2": ["engine.deepspeed=true", "engine.zero=2"],
    "ZeRO-3": ["engine.deepspeed=true"],
}


def records(folder: Path) -> None:
    words = ("Dullness", "Fremitus", "Egophony", "Stridor", "Wheeze")
    lines = [json.dumps({"text": f"{word} is a sign."}) for word in words]
    (folder / "local.jsonl").write_text("\n".join(lines) + "\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    records(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Iterator[Path]:
    """A folder in which two processes ran a line with every engine; that without DeepSpeed first."""
    folder = tmp_path_factory.mktemp("guarded")
    records(folder)
    lines = [[*SAVED, *words, "train.max_steps=7", "--out", name] for name, words in ENGINES.items()]
    launch(folder, *lines, child=POISONED)
    yield folder
    shutil.rmtree(folder)  # a checkpoint of every step


def poison(monkeypatch: pytest.MonkeyPatch, steps: dict[int, float]) -> None:
    inner = StageTrainer._losses

    def losses(self, model, inputs):  # type: ignore[no-untyped-def]
        total, each = inner(self, model, inputs)
        return total * steps.get(self.state.global_step + 1, 1.0), each

    monkeypatch.setattr(StageTrainer, "_losses", losses)


def metrics(run: str) -> list[dict]:
    return [json.loads(line) for line in Path(run, "metrics.jsonl").read_text().splitlines()]


def weights(run: str, step: int) -> dict[str, torch.Tensor]:
    return load_file(Path(run, "checkpoints", f"step-{step}", "model.safetensors"))


def moments(run: str, step: int) -> list[torch.Tensor]:
    folder = Path(run, "checkpoints", f"step-{step}")
    kept = torch.load(folder / "optimizer.pt", weights_only=True)["state"]
    return [tensor for state in kept.values() for tensor in state.values()]


def unmoved(run: str, step: int) -> bool:
    one, two = weights(run, step - 1), weights(run, step)
    return all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize(
    ("value", "words"),
    [(float("inf"), []), (NAN, ["train.accumulate=2"]), (SPIKE, ["train.clip=0"])],
    ids=["infinite", "no number, accumulated", "spike, unclipped"],
)
def test_a_poisoned_step_changes_nothing_and_is_counted(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    value: float,
    words: list[str],
) -> None:
    poison(monkeypatch, {4: value})
    assert main([*SAVED, *words, "train.max_steps=5", "--out", "run"]) == 0
    assert [unmoved("run", step) for step in (2, 3, 4, 5)] == [False, False, True, False]
    assert all(
        torch.equal(one, two) for one, two in zip(moments("run", 3), moments("run", 4), strict=True)
    )
    lines = metrics("run")
    assert [line.get("refused") for line in lines] == [None, None, None, 1, None]
    assert [line["loss"] is None for line in lines] == [False, False, False, True, False]
    assert json.loads((folder / "run" / "manifest.json").read_text())["steps_refused"] == 1
    said = capsys.readouterr().err
    assert "at step 4; the step is not taken" in said
    assert "1 of 5 steps were not taken" in said


def test_a_mean_is_over_the_steps_that_were_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = ["--data", "local.jsonl", "--data", "local.jsonl", "train.max_steps=4", "train.log_steps=4"]
    poison(monkeypatch, {3: NAN})
    assert main(["sft", "--model", "tiny-untrained", *LINE[3:], *two, "--out", "run"]) == 0
    first, line = metrics("run")
    assert "refused" not in first
    sums = line["sources"].values()
    assert line["refused"] == 1
    assert 7 < line["loss"] < 9
    assert sum(each["loss_sum"] for each in sums) / sum(
        each["tokens"] for each in sums
    ) == pytest.approx(line["loss"], rel=0.05)


def test_patience_ends_the_run_and_the_last_good_weights_stay(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    poison(monkeypatch, {4: NAN, 5: SPIKE})
    assert main([*SAVED, "train.max_steps=9", "--out", "run"]) == 3
    said = capsys.readouterr().err
    assert "at step 5; 2 steps in a row were not taken, and what was saved before stays" in said
    assert "start anew with a lower train.lr" in said
    assert "Traceback" not in said
    assert sorted(path.name for path in (folder / "run" / "checkpoints").iterdir())[-1] == "step-4"
    assert unmoved("run", 4)


def test_a_guarded_run_cut_in_two_judges_by_the_same_steps(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, {3: NAN, 5: SPIKE, 7: SPIKE})
    line = [*LINE, "train.max_steps=8", "train.save_steps=4"]
    assert main([*line, "--out", "whole"]) == 0
    assert [step for step, line in enumerate(metrics("whole"), 1) if "refused" in line] == [3, 5, 7]
    shutil.copytree(folder / "whole", folder / "cut")
    shutil.rmtree(folder / "cut" / "checkpoints" / "step-8")
    shutil.rmtree(folder / "cut" / "model")
    state = json.loads((folder / "cut" / "state.json").read_text())
    (folder / "cut" / "state.json").write_text(json.dumps({**state, "state": "running"}))
    assert main([*line, "--out", "cut", "--resume"]) == 0
    assert [line["loss"] for line in metrics("cut")] == [line["loss"] for line in metrics("whole")]
    one, two = weights("whole", 8), weights("cut", 8)
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert json.loads((folder / "cut" / "manifest.json").read_text())["steps_refused"] == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_two_processes_leave_a_step_out_together(
    two: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(two)
    assert [unmoved(engine, step) for step in range(2, 8)] == [False, False, True, False, True, False]
    assert [line.get("refused") for line in metrics(engine)] == [None] * 3 + [1, None, 1, None]
    rates = [line["lr"] for line in metrics(engine)]
    assert rates == sorted(
        set(rates), reverse=True
    )  # the schedule goes on over steps that were left out
    shards = {
        path.name for path in Path(engine).glob("checkpoints/step-7/global_step7/*_model_states.pt")
    }
    assert (
        shards
        == {
            "DDP": set(),
            "ZeRO-2": {"mp_rank_00_model_states.pt"},
            "ZeRO-3": {f"zero_pp_rank_{rank}_mp_rank_00_model_states.pt" for rank in (0, 1)},
        }[engine]
    )
