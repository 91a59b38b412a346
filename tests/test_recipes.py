"""Every shipped recipe, at any depth: it loads under its own stage, and its card is whole."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.commands import COMMANDS, parsing
from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.core.recipe.locating import shipped, shipped_folder

FILES = sorted(shipped_folder().rglob("*.yaml"))
CARD = ("Makes", "Data", "Needs", "Expect", "Run")


def test_there_are_recipes_and_all_are_listed() -> None:
    assert len(FILES) >= 3
    assert sorted(found.path for found in shipped().values()) == FILES
    assert {"align", "midtrain", "sft"} <= set(shipped())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_loads_under_its_own_stage(path: Path) -> None:
    stage = re.search(r"^stage: (\w+)$", path.read_text(), re.MULTILINE)
    assert stage
    assert read_recipe(str(path), stage=stage[1]).recipe.stage == stage[1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_sparse(path: Path) -> None:
    resolved = read_recipe(str(path), stage=None)
    default = read_recipe(None, stage=resolved.recipe.stage)
    tree, plain = resolved.as_json(), default.as_json()
    for name, origin in resolved.origins.items():
        if origin == "default" or name == "stage":
            continue
        value, expected = tree, plain
        for key in name.split("."):
            if isinstance(value, list):
                value, expected = value[int(key)], None  # no default holds an item
            else:
                value, expected = value[key], expected[key] if expected else None
        assert value != expected, f"{name} repeats the default"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_opens_with_its_card_and_the_line_that_runs_it(path: Path) -> None:
    lines = path.read_text().splitlines()[:5]
    card = dict(re.fullmatch(r"# (\w+): +(\S.*)", line).groups() for line in lines)  # type: ignore[union-attr]
    assert tuple(card) == CARD
    medgpt, command, *args = shlex.split(card["Run"])
    assert medgpt == "medgpt"
    if command not in COMMANDS:
        command, *args = f"{command} {args[0]}", *args[1:]
    parsing.build(command, parsing.function_of(COMMANDS[command])).make_context(command, args)


def test_the_checker_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipe", "check", str(shipped_folder())]) == 0
    assert capsys.readouterr() == (f"{len(FILES)} recipes are valid\n", "")
