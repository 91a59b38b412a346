from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.core.recipe.showing import Difference, as_yaml, differences, scalar
from medgpt_cli.core.recipe.yaml12 import parse

WORDS = ["train.lr=3e-7", "model.base='no'", "data.validation=[a b.jsonl, '1']", "train.eval_steps=2"]


@pytest.mark.parametrize("comments", [False, True])
@pytest.mark.parametrize("stage", ["align", "midtrain", "sft"])
def test_what_is_shown_is_the_same_recipe(
    stage: str, comments: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = read_recipe(stage, stage=stage, overrides=WORDS, flags={"--data": ["a.jsonl", "b"]})
    Path("again.yaml").write_text(as_yaml(shown, comments=comments))
    assert read_recipe("again.yaml", stage=stage).recipe == shown.recipe


@pytest.mark.parametrize(
    "value",
    [
        "no",
        "1",
        "1e-4",
        "null",
        "true",
        "",
        " x",
        "a: b",
        "a #b",
        "#a",
        "- a",
        "[a]",
        "ü/x.jsonl",
        "a\nb",
        "'",
    ],
)
def test_text_reads_back_as_text(value: str) -> None:
    assert parse(f"a: {scalar(value)}").tree == {"a": value}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2e-5, "2e-05"),
        (0.001, "0.001"),
        (True, "true"),
        (None, "null"),
        ([], "[]"),
        ("sft", "sft"),
        ("1", '"1"'),
    ],
)
def test_values_are_written_plainly(value: Any, written: str) -> None:
    assert scalar(value) == written


def test_differences_in_the_order_of_the_schema() -> None:
    one = read_recipe("sft", stage="sft", flags={"--data": ["a"]})
    other = read_recipe(None, stage="sft", overrides=["chat.reasoning=high", "train.warmup=0.05"])
    assert differences(one, other) == [
        Difference(
            "data.mix", [{"path": "a", "weight": None, "cap": None, "epochs": None, "shots": 0}], []
        ),
        Difference("train.epochs", 8.0, 1.0),
        Difference("train.batch_size", 16, 8),
        Difference("train.lr", 5e-4, 2e-5),
        Difference("chat.reasoning", "low", "high"),
    ]
    assert differences(one, one) == []
