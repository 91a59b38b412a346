from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.workflows.parts_table import PartRow, sentences


def test_a_part_is_a_line() -> None:
    rows = {
        "vision": PartRow(20, 0, 2, 0, None, "float32", "float32"),
        "llm": PartRow(3000, 3000, 0, 0, 2e-5, "float32", "bfloat16"),
        "experts": PartRow(900, 60, 0, 60, 1e-4, "float32", "float32", "rank 4 on 2 weights: down_proj"),
    }
    assert sentences(rows) == [
        "  vision                 0 of 20 parameters learn  frozen      float32",
        "  llm                3,000 of 3,000 parameters learn  lr 2e-05    float32, computed in bfloat16",
        "  experts               60 of 900 parameters learn  lr 0.0001   float32; "
        "adapters of rank 4 on 2 weights: down_proj",
    ]


def test_the_table_is_told_before_the_first_step_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "local.jsonl").write_text('{"text": "Dullness is a sign."}\n')
    words = ["train.max_steps=1", "train.lr=1e-3", "parts.router.train=false", "parts.llm.lr=1e-4"]
    assert main(["sft", "--data", "local.jsonl", "--out", "run", *words]) == 0
    said = capsys.readouterr().err
    assert said.index("parameters learn") < said.index("step 1/1")
    parts = json.loads((tmp_path / "run" / "manifest.json").read_text())["parameters"]
    assert {part: row["lr"] for part, row in parts.items()} == {
        "vision": 1e-3,
        "projector": 1e-3,
        "llm": 1e-4,
        "experts": 1e-4,
        "router": None,
    }
    for part, row in parts.items():
        assert row["dtype"] == row["compute"] == "float32"
        assert f"  {part:<10} {row['trained']:>13,} of {row['total']:,} parameters learn" in said
