"""What a stage, a part or full training is worth: each by one word of `medgpt run`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.app import main

STAGES = ["1-align", "2-midtrain", "3-sft", "4-adapt"]


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    line = ["run", "tiny", *words, "--data", "a.jsonl", "--held-out", "b.jsonl", "--dry-run", "--json"]
    assert main(line) == 0
    plan: dict[str, Any] = json.loads(capsys.readouterr().out)
    plan["steps"] = {step["name"]: step for step in plan["steps"] if step["name"] in STAGES}
    return plan


@pytest.mark.parametrize("skipped", ["align", "midtrain"])
def test_a_stage_is_left_out_by_its_name(skipped: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(capsys, "--skip", skipped)
    kept = [name for name in STAGES if skipped not in name]
    assert list(plan["steps"]) == kept
    starts = [step["starts_from"] for step in plan["steps"].values()]
    assert starts == ["tiny-untrained", *(f"runs/tiny/{name}" for name in kept[:-1])]
    assert all(step["recipe"]["lora"]["r"] is None for step in list(plan["steps"].values())[:-1])


def test_the_tower_stays_frozen_in_every_stage(capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(capsys)["steps"]["3-sft"]["recipe"]["parts"]["vision"]["train"] is True
    plan = planned(capsys, "parts.vision.train=false")
    assert list(plan["steps"]) == STAGES
    assert not any(step["recipe"]["parts"]["vision"]["train"] for step in plan["steps"].values())
    assert plan["not_taken"] == {}


def test_adapters_alone_stand_wherever_the_language_model_learns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = planned(capsys, "lora.r=8")
    ranks = {name: step["recipe"]["lora"]["r"] for name, step in plan["steps"].items()}
    assert ranks == {"1-align": None, "2-midtrain": 8, "3-sft": 8, "4-adapt": 8}
    assert plan["not_taken"] == {"1-align": ["lora.r=8"]}
    assert "lora" not in plan["steps"]["1-align"]["line"]


def test_words_of_one_section_are_taken_together(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["lora.r=8", "lora.dora=true", "train.seed=3", "4-adapt:lora.experts=false"]
    plan = planned(capsys, *words)
    assert plan["not_taken"] == {"1-align": ["lora.r=8", "lora.dora=true"]}
    assert {step["recipe"]["train"]["seed"] for step in plan["steps"].values()} == {3}
    assert plan["steps"]["2-midtrain"]["recipe"]["lora"]["dora"] is True


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("lora.rr=8", "no such field; did you mean lora.r?"),
        ("lora.r=0", "must be at least 1"),
        ("1-align:lora.r=8", "attention carries adapters, and parts.llm.train is false"),
        ("train.epochs=two", "must be a number"),
    ],
)
def test_what_nobody_can_do_or_was_asked_of_one_is_refused(
    word: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "tiny", word, "--data", "a.jsonl", "--dry-run"]) == 3
    assert says in capsys.readouterr().err


def test_adapters_alone_really_learn_alone(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.radial_gradient("L").resize((140, 90)).save("slice.png")
    Path("a.jsonl").write_text('{"question": "Which plane?", "answer": "axial", "image": "slice.png"}\n')
    Path("mine").mkdir()
    for name, stage in (("1-align", "align"), ("2-sft", "sft")):
        Path(f"mine/{name}.yaml").write_text(f"stage: {stage}\ntrain: {{max_steps: 1, batch_size: 1}}\n")
    line = ["run", "mine", "lora.r=2", "--data", "a.jsonl", "--out", "walk", "--json"]
    assert main(line) == 0
    out, err = capsys.readouterr()
    assert "1-align goes on without lora.r=2, which its stage cannot do" in err
    align, sft = json.loads(out)["stages"]
    assert not Path("walk/1-align/adapter").exists()
    assert (Path("walk/2-sft/adapter") / "adapter_config.json").is_file()
    assert {part for part, count in align["learnt"].items() if count} == {"projector"}
    assert {part for part, count in sft["learnt"].items() if count} == {"vision", "projector", "llm"}
    assert sft["learnt"]["projector"] < align["learnt"]["projector"]  # by adapters, too
    assert "1-align without <code>lora.r=2</code>" in Path("walk/report.html").read_text()
