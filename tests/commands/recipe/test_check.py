from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

FIELDS = "medgpt recipe fields STAGE explains every field\n"


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)


def test_valid_recipes_are_counted_at_any_depth(medgpt: Callable[..., Any]) -> None:
    write("set/a.yaml", "stage: sft\n")
    write("set/deep/er/b.yml", "stage: align\nbase: ../../c.yaml\n")
    write("set/c.yaml", "stage: align\n")
    write("set/README.md", "no recipe")
    assert medgpt("recipe", "check", "set") == (0, "3 recipes are valid\n", "")
    assert medgpt("recipe", "check", "set/a.yaml") == (0, "1 recipe is valid\n", "")
    assert json.loads(medgpt("recipe", "check", "set", "--json").out) == {
        "checked": ["set/a.yaml", "set/c.yaml", "set/deep/er/b.yml"]
    }


def test_faults_of_all_files_come_together(medgpt: Callable[..., Any]) -> None:
    write("set/a.yaml", "stage: sft\ntrain: {lrr: 1}\n")
    write("set/b.yaml", "stage: stf\n")
    write("set/c.yaml", "train: {}\n")
    write("set/d.yaml", "stage: sft\ntrain: {lr: 1e-4}\n")
    write("set/e.yaml", "stage: [sft\n")
    write("set/f.yaml", "- stage\n")
    write("set/g.yaml", "stage: sft\nbase: none.yaml\n")
    write("set/h.yaml", "stage: sft\nbase: 5\n")
    write("set/i.yaml", "stage: sft\nbase: j.yaml\n")
    write("set/j.yaml", "stage: align\n")
    done = medgpt("recipe", "check", "set")
    assert (done.code, done.out) == (3, "")
    assert done.err == (
        "set/a.yaml:2 train.lrr  no such field; did you mean train.lr?\n"
        "set/b.yaml:1 stage  must be one of data, align, midtrain, sft, adapt, eval, export; did you mean sft?\n"
        "set/c.yaml:1 stage  is missing; begin the file with stage: sft\n"
        "set/e.yaml:2  cannot be read: expected ',' or ']', but got '<stream end>'\n"
        "set/f.yaml:1  a recipe is made of KEY: VALUE lines; begin with stage: sft\n"
        "set/g.yaml:2 base  no file set/none.yaml and no shipped recipe none.yaml\n"
        "set/h.yaml:2 base  must be the name of a recipe file\n"
        "set/j.yaml:1 stage  a base must be for the same stage, sft\n"
        "error: 8 problems in 8 of 10 recipes\n" + FIELDS
    )


def test_an_empty_set_is_a_fault(medgpt: Callable[..., Any]) -> None:
    Path("set").mkdir()
    assert medgpt("recipe", "check", "set") == (
        3,
        "",
        "error: no recipe file below set\nname a .yaml file or a folder of them\n",
    )


def test_a_path_that_is_not_there(medgpt: Callable[..., Any]) -> None:
    assert medgpt("recipe", "check", "nowhere") == (
        3,
        "",
        "error: no such file or folder: nowhere\nname a recipe file or a folder of them\n",
    )


def test_files_are_looked_for_only_when_asked(medgpt: Callable[..., Any]) -> None:
    write(
        "a.yaml",
        "stage: sft\ndata:\n  mix: [{path: here.jsonl}, {path: gone.jsonl}]\n  validation: [lost.jsonl]\n"
        "  image_root: pictures\n",
    )
    write("here.jsonl", "")
    assert medgpt("recipe", "check", "a.yaml").code == 0
    assert medgpt("recipe", "check", "a.yaml", "--files") == (
        3,
        "",
        "a.yaml:3 data.mix.1.path  no such file or folder: gone.jsonl\n"
        "a.yaml:4 data.validation.0  no such file or folder: lost.jsonl\n"
        "a.yaml:5 data.image_root  no such file or folder: pictures\n"
        "error: 3 problems in 1 of 1 recipe\n" + FIELDS,
    )
