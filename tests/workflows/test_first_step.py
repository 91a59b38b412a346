from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace

import pytest

from medgpt_cli.app import main
from medgpt_cli.training.trainer import StageTrainer
from medgpt_cli.workflows.first_step import start_kind

LINE = ["sft", "--data", "local.jsonl", "--model", "tiny-untrained", "train.max_steps=1", "--out", "run"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "local.jsonl").write_text('{"text": "Dullness is a sign."}\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("base", "llm", "kind"),
    [
        (None, None, "continued"),
        ("tiny", None, "continued"),
        ("tiny-untrained", None, "fresh"),
        ("tiny-siglip", None, "fresh"),
        ("small", None, "composed"),
        (None, "llama", "composed"),
        ("runs/align", None, "continued"),
    ],
)
def test_what_the_weights_are(base: str | None, llm: str | None, kind: str) -> None:
    assert start_kind(SimpleNamespace(model=SimpleNamespace(base=base, llm=llm))) == kind


def test_the_first_loss_of_tiny_is_as_expected_and_stands_in_the_manifest(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(LINE) == 0
    manifest = json.loads((folder / "run" / "manifest.json").read_text())
    first = manifest["first_loss"]
    vocabulary = json.loads((folder / "run" / "model" / "config.json").read_text())["text_config"][
        "vocab_size"
    ]
    assert first["loss"] == pytest.approx(math.log(vocabulary), rel=0.1)
    line = json.loads((folder / "run" / "metrics.jsonl").read_text().splitlines()[0])
    assert first["loss"] == pytest.approx(line["loss"], rel=1e-5)
    assert first["warning"] == ""
    assert "first loss" not in capsys.readouterr().err


def test_a_first_loss_that_looks_broken_is_a_warning(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = StageTrainer._losses

    def losses(self, model, inputs):  # type: ignore[no-untyped-def]
        total, each = inner(self, model, inputs)
        return total, each * 2

    monkeypatch.setattr(StageTrainer, "_losses", losses)
    assert main(LINE) == 0
    assert "worse than guessing" in capsys.readouterr().err
    manifest = json.loads((folder / "run" / "manifest.json").read_text())
    assert "worse than guessing" in manifest["first_loss"]["warning"]
