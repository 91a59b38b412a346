from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.core.recipe.stages import defaults


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, text: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)
    return name


def test_without_a_source_everything_is_default() -> None:
    resolved = read_recipe(None, stage="sft")
    assert resolved.as_json() == defaults("sft")
    assert set(resolved.origins.values()) == {"default"}
    assert (resolved.source, resolved.written, resolved.overrides) == ("defaults", "stage: sft\n", ())


def test_order_defaults_base_file_command_line() -> None:
    write("base.yaml", "stage: sft\ntrain:\n  seed: 1\n  clip: 2\n  keep: 3\n  lr: 1e-1\n")
    write("mine.yaml", "stage: sft\nbase: base.yaml\ntrain: {clip: 4.0, keep: 5, lr: 1e-2}\n")
    resolved = read_recipe(
        "mine.yaml",
        stage="sft",
        overrides=["train.keep=6", "train.lr=1e-3"],
        flags={"--data": ["a.jsonl"], "--model": None},
    )
    train = resolved.recipe.train
    assert (train.seed, train.clip, train.keep, train.lr, train.accumulate) == (1, 4.0, 6, 1e-3, 1)
    assert {name: origin for name, origin in resolved.origins.items() if origin != "default"} == {
        "stage": "mine.yaml:1",
        "train.seed": "base base.yaml:3",
        "train.clip": "mine.yaml:3",
        "train.keep": "command line",
        "train.lr": "command line",
        "data.mix.0.path": "--data",
    }
    assert resolved.written == Path("mine.yaml").read_text()
    assert resolved.overrides == ("train.keep=6", "train.lr=1e-3")


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_recipe("sft", stage="sft").as_json()
    for name in ("TRAIN_LR", "train.lr", "MEDGPT_TRAIN_LR", "LR"):
        monkeypatch.setenv(name, "9")
    assert read_recipe("sft", stage="sft").as_json() == before


@pytest.mark.parametrize("stage", ["align", "midtrain", "sft"])
def test_the_resolved_json_reads_back_equal(stage: str) -> None:
    words = ["train.lr=3e-7", "model.base=a b: c", "data.validation=['1', 'no']", "train.eval_steps=2"]
    words[1] = "model.base='a b: c'"
    first = read_recipe(stage, stage=stage, overrides=words, flags={"--data": ["ü.jsonl", "1e-4"]})
    Path("run").mkdir()
    Path("run/recipe.json").write_text(json.dumps(first.as_json()))
    for source in ("run", "run/recipe.json"):
        again = read_recipe(source, stage=stage)
        assert again.recipe == first.recipe
        assert again.source == "run/recipe.json"
    assert first.recipe.data.mix[1].path == "1e-4"


def test_lists_replace_and_maps_merge() -> None:
    write("base.yaml", "stage: sft\ndata: {mix: [{path: a}, {path: b}], max_bad: 3}\n")
    write("mine.yaml", "stage: sft\nbase: base.yaml\ndata: {mix: [{path: c}]}\n")
    data = read_recipe("mine.yaml", stage="sft").recipe.data
    assert ([source.path for source in data.mix], data.max_bad) == (["c"], 3)


def test_a_base_is_found_beside_its_file_and_by_shipped_name() -> None:
    write("base/b.yaml", "stage: sft\ntrain: {seed: 4}\n")
    write("mine/m.yaml", "stage: sft\nbase: ../base/b.yaml\n")
    resolved = read_recipe("mine/m.yaml", stage="sft")
    assert (resolved.recipe.train.seed, resolved.origins["train.seed"]) == (
        4,
        "base mine/../base/b.yaml:2",
    )
    write("s.yaml", "stage: sft\nbase: sft\n")
    assert read_recipe("s.yaml", stage="sft").origins["train.lr"].startswith("base recipes/sft.yaml:")


def test_whatever_stage_the_file_says() -> None:
    write("a.yaml", "stage: align\n")
    assert read_recipe("a.yaml", stage=None).recipe.stage == "align"


def test_a_section_whose_lines_are_commented_out() -> None:
    write("a.yaml", "stage: sft\ntrain:\n  # lr: 1e-4\ndata:\n  mix:\n")
    assert read_recipe("a.yaml", stage="sft").as_json() == defaults("sft")


def test_an_empty_value_takes_back_what_a_base_says() -> None:
    write("base.yaml", "stage: sft\ntrain: {max_steps: 5}\n")
    write("mine.yaml", "stage: sft\nbase: base.yaml\ntrain: {max_steps: null}\n")
    assert read_recipe("mine.yaml", stage="sft").recipe.train.max_steps is None


def test_complaints_of_base_file_and_command_line_come_together_and_in_order() -> None:
    write("base.yaml", "stage: sft\nbase: sft\ntrain: {seed: x}\n")
    write("mine.yaml", "stage: sft\nbase: base.yaml\ndata: {max_bad: -1}\ntrain: {lrr: 1}\n")
    with pytest.raises(BadRecipe) as caught:
        read_recipe("mine.yaml", stage="sft", overrides=["train.clip=x"], flags={"--model": 5})
    assert str(caught.value) == (
        "base.yaml:2 base  a base cannot have a base of its own; write its values into this file\n"
        "base.yaml:3 train.seed  must be a whole number, not text\n"
        "mine.yaml:3 data.max_bad  must be at least 0\n"
        "mine.yaml:4 train.lrr  no such field; did you mean train.lr?\n"
        "--model model.base  must be text, not a number; put it in quotes\n"
        "train.clip=x  must be a number, not text\n"
        "6 problems in the recipe (mine.yaml)\n"
        "medgpt recipe fields sft explains every field"
    )


def test_more_complaints_than_fit_are_counted() -> None:
    write("a.yaml", "stage: sft\ntrain:\n" + "".join(f"  x{n}: 1\n" for n in range(25)))
    with pytest.raises(BadRecipe) as caught:
        read_recipe("a.yaml", stage="sft")
    assert len(caught.value.complaints) == 25
    assert "… and 5 more (--json lists all)\n25 problems in the recipe (a.yaml)\n" in str(caught.value)


def test_values_are_never_quoted() -> None:
    secret = "Jane Doe 1950"
    tree: dict[str, Any] = {
        "stage": secret,
        "base": secret,
        "model": secret,
        "train": {"lr": secret, "seed": secret, "schedule": secret},
        "parts": {"llm": {"train": secret}},
        "chat": {"date": secret, "reasoning": secret},
    }
    write("a.yaml", json.dumps(tree, indent=1))
    with pytest.raises(BadRecipe) as caught:
        read_recipe("a.yaml", stage="sft")
    # The base is a path that the file's author typed; it is looked for, and so it is named.
    others = [line for line in str(caught.value).splitlines() if " base  " not in line]
    assert len(others) >= 9
    assert secret not in "\n".join(others)


def test_text_that_is_no_unicode_is_refused() -> None:
    write("a.yaml", 'stage: sft\nmodel: {base: "\\ud800"}\n')
    with pytest.raises(BadRecipe, match="a value is text that is not valid Unicode"):
        read_recipe("a.yaml", stage="sft")


def test_a_recipe_is_read_without_torch() -> None:
    code = (
        "import sys; from medgpt_cli.core.recipe import read_recipe; read_recipe('sft', stage='sft'); "
        "print(sorted({'torch', 'transformers', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3]
    )
    assert done.stdout == "[]\n", done.stderr
