"""Which checkpoints stay, in real runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.training.trainer import StageTrainer

LINE = [
    "sft", "--data", "local.jsonl", "train.lr=1e-3", "train.batch_size=1", "data.validation=[local.jsonl]",
    "train.eval_steps=2", "train.keep_best=true", "train.keep=1", "train.save_steps=3", "train.max_steps=9",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Validation is best after the fourth step, whatever was learnt."""
    (tmp_path / "local.jsonl").write_text(
        "".join(f'{{"text": "{word} is a sign."}}\n' for word in ("Dullness", "Fremitus", "Egophony"))
    )
    monkeypatch.chdir(tmp_path)
    inner = StageTrainer._losses

    def losses(self, model, inputs):  # type: ignore[no-untyped-def]
        total, each = inner(self, model, inputs)
        step = self.state.global_step
        return total * (1.0 if model.training else {2: 0.5, 4: 0.1}.get(step, 3.0)), each

    monkeypatch.setattr(StageTrainer, "_losses", losses)
    return tmp_path


def kept(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "checkpoints").iterdir())


def test_the_best_checkpoint_stays_beside_the_newest(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*LINE, "--out", "run"]) == 0
    assert kept(folder / "run") == ["step-4", "step-9"]
    best = json.loads((folder / "run" / "manifest.json").read_text())["best"]
    assert best["checkpoint"] == "step-4"
    said = f"checkpoints/step-4 has the lowest validation loss, {best['validation_loss']:.3f}"
    assert said in capsys.readouterr().err


def test_a_run_that_goes_on_knows_its_best(folder: Path) -> None:
    assert main([*LINE, "--out", "run"]) == 0
    before = json.loads((folder / "run" / "manifest.json").read_text())["best"]
    for path in ("checkpoints/step-9", "model"):
        shutil.rmtree(folder / "run" / path)
    state = json.loads((folder / "run" / "state.json").read_text())
    (folder / "run" / "state.json").write_text(json.dumps({**state, "state": "running"}))
    assert main([*LINE, "--out", "run", "--resume"]) == 0
    assert kept(folder / "run") == ["step-4", "step-9"]
    assert json.loads((folder / "run" / "manifest.json").read_text())["best"] == before


def test_without_the_word_only_the_newest_stay(folder: Path) -> None:
    words = [word for word in LINE if word != "train.keep_best=true"]
    assert main([*words, "--out", "run"]) == 0
    assert kept(folder / "run") == ["step-9"]
    assert "best" not in json.loads((folder / "run" / "manifest.json").read_text())
