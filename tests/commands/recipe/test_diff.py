from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_diff(medgpt: Callable[..., Any]) -> None:
    Path("mine.yaml").write_text(
        "stage: sft\nbase: sft\ntrain: {seed: 1}\ndata: {validation: [a.jsonl]}\n"
    )
    assert medgpt("recipe", "diff", "sft", "mine.yaml") == (
        0,
        "field            recipes/sft.yaml  mine.yaml\n"
        'data.validation  []                ["a.jsonl"]\n'
        "train.seed       0                 1\n",
        "",
    )


def test_diff_against_defaults_as_markdown(medgpt: Callable[..., Any]) -> None:
    assert medgpt("recipe", "diff", "defaults", "align", "--markdown") == (
        0,
        "| field | defaults | recipes/align.yaml |\n"
        "| --- | --- | --- |\n"
        "| train.batch_size | 8 | 16 |\n"
        "| train.warmup | 0.03 | 0.05 |\n",
        "",
    )


def test_diff_as_json(medgpt: Callable[..., Any]) -> None:
    assert json.loads(medgpt("recipe", "diff", "sft", "align", "--json").out) == {
        "first": "recipes/sft.yaml",
        "second": "recipes/align.yaml",
        "differences": [
            {"field": "stage", "first": "sft", "second": "align"},
            {"field": "train.epochs", "first": 8.0, "second": 1.0},
            {"field": "train.lr", "first": 5e-4, "second": 1e-3},
            {"field": "parts.vision.train", "first": True, "second": False},
            {"field": "parts.llm.train", "first": True, "second": False},
        ],
    }


def test_no_difference(medgpt: Callable[..., Any]) -> None:
    assert medgpt("recipe", "diff", "sft", "sft") == (0, "", "no difference\n")


def test_a_run_folder_is_a_recipe(medgpt: Callable[..., Any]) -> None:
    Path("run").mkdir()
    document = json.loads(medgpt("recipe", "show", "sft", "train.keep=9", "--json").out)["recipe"]
    Path("run/recipe.json").write_text(json.dumps(document))
    assert medgpt("recipe", "diff", "run", "sft").out == (
        "field       run/recipe.json  recipes/sft.yaml\ntrain.keep  9                2\n"
    )


def test_defaults_alone_are_no_pair(medgpt: Callable[..., Any]) -> None:
    assert medgpt("recipe", "diff", "defaults", "defaults") == (
        3,
        "",
        "error: defaults differ by stage only\nname a recipe beside it\n",
    )
