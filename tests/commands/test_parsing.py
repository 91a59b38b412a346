"""What is said of a command line that cannot be understood, to the letter."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer

from medgpt_cli import commands
from medgpt_cli.commands import Door
from medgpt_cli.commands.options import DataPaths, Out, Overrides

given: dict[str, Any] = {}


def chat(
    kind: Annotated[Literal["red", "green"], typer.Argument(metavar="KIND", help="Colour.")],
    overrides: Overrides = None,
    data: DataPaths = None,
    out: Out = None,
    count: Annotated[int, typer.Option("--count", min=1, max=9, help="How many.")] = 3,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed.")] = 0,
    rate: Annotated[float, typer.Option("--rate", help="How fast.")] = 0.5,
    task: Annotated[str, typer.Option("--task", help="Which.")] = "x",
) -> None:
    """Takes one of everything."""
    given.update(locals())


@pytest.fixture(autouse=True)
def _door(monkeypatch: pytest.MonkeyPatch) -> None:
    given.clear()
    module = types.ModuleType("medgpt_door")
    module.chat = chat  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "medgpt_door", module)
    monkeypatch.setitem(commands.COMMANDS, "chat", Door("medgpt_door", "chat", "", ""))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "KIND is missing"),
        (["blue"], "KIND must be one of red, green"),
        (["red", "--cuont", "5"], "no such option: --cuont; did you mean --count?"),
        (["red", "-x"], "no such option: -x"),
        (["red", "--count", "many"], "--count takes a whole number of at least 1 and at most 9"),
        (["red", "--count", "0"], "--count takes a whole number of at least 1 and at most 9"),
        (["red", "--count", "1.5"], "--count takes a whole number of at least 1 and at most 9"),
        (["red", "--seed", "-1"], "--seed takes a whole number of at least 0"),
        (["red", "--rate", "fast"], "--rate takes a number"),
        (["red", "--out"], "--out requires an argument"),
        (["red", "--quiet=yes"], "--quiet does not take a value"),
    ],
)
def test_usage(words: list[str], says: str, medgpt: Callable[..., Any]) -> None:
    assert medgpt("chat", *words) == (2, "", f"error: {says}\nmedgpt chat --help explains every word\n")
    assert given == {}


def test_one_word_too_many(medgpt: Callable[..., Any]) -> None:
    assert medgpt("recipe", "list", "x", "y") == (
        2,
        "",
        "error: one word too many: x y\nmedgpt recipe list --help explains every word\n",
    )


def test_words_and_flags_may_be_mixed(medgpt: Callable[..., Any]) -> None:
    done = medgpt(
        *(
            "chat",
            "--data",
            "a",
            "red",
            "x=1",
            "--out",
            "o",
            "y=2",
            "--data",
            "b",
            "--quiet",
            "--count",
            "4",
        )
    )
    assert done == (0, "", "")
    assert given == {
        **{"kind": "red", "overrides": ["x=1", "y=2"], "data": ["a", "b"], "out": Path("o"), "count": 4},
        **{"seed": 0, "rate": 0.5, "task": "x"},
    }


def test_a_word_behind_two_dashes_is_no_flag(medgpt: Callable[..., Any]) -> None:
    assert medgpt("chat", "red", "--", "--json").code == 0
    assert given["overrides"] == ["--json"]


def test_the_environment_sets_no_flag(
    medgpt: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COUNT", "CHAT_COUNT", "MEDGPT_COUNT", "MEDGPT_CHAT_COUNT"):
        monkeypatch.setenv(name, "9")
    medgpt("chat", "red")
    assert given["count"] == 3
