"""What must stay light stays light, every command explains itself, and modules stay small."""

from __future__ import annotations

import ast
import importlib
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from medgpt_cli.commands import COMMANDS, parsing
from medgpt_cli.core.files import __file__ as a_module

PACKAGE = Path(a_module).parents[1]
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"torch", "transformers", "numpy", "pydantic", "rich", "typer.rich_utils", "yaml", "PIL"}
PAGES = [
    ["--help"],
    ["--version"],
    ["recipe", "--help"],
    *([*words.split(), "--help"] for words in COMMANDS),
]


def loaded(words: list[str]) -> set[str]:
    """Every module in memory after a command line has been answered."""
    code = (
        "import sys; from medgpt_cli.app import main; sys.stdout = open('/dev/null', 'w')\n"
        f"code = main({words!r}); sys.stdout = sys.__stdout__\n"
        "print(code, *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent
    )
    first, *modules = done.stdout.split()
    assert (first, done.stderr) == ("0", "")
    return set(modules)


@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    modules = loaded(words)
    assert modules & HEAVY == set()
    commands = {name for name in modules if name.startswith("medgpt_cli.commands.")}
    asked = COMMANDS.get(" ".join(words[:-1]))
    assert not any(name.startswith("medgpt_cli.workflows") for name in modules)
    assert {door.module for door in COMMANDS.values()} & commands == ({asked.module} if asked else set())


def test_the_overview_does_not_even_load_typer() -> None:
    assert "typer" not in loaded(["--help"])


@pytest.mark.parametrize(
    "words",
    [["recipe", "show", "sft"], ["recipe", "check", "recipes"], ["recipe", "fields", "sft"]],
    ids=" ".join,
)
def test_recipes_are_read_without_torch(words: list[str]) -> None:
    assert loaded(words) & {"torch", "transformers", "numpy"} == set()


@pytest.mark.parametrize("words", COMMANDS)
def test_help_ends_with_an_example_that_can_be_run(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    function = parsing.function_of(COMMANDS[words])
    assert parsing.call(words, ["--help"]) == 0
    page = capsys.readouterr().out
    example = page.partition("\nExample\n")[2].strip().splitlines()
    assert example
    for line in example:
        name, *rest = shlex.split(line)
        assert [name, *rest[: len(words.split())]] == ["medgpt", *words.split()]
        parsing.build(words, function).make_context(words, rest[len(words.split()) :])


@pytest.mark.parametrize("words", COMMANDS)
def test_every_option_is_explained(words: str) -> None:
    for param in parsing.build(words, parsing.function_of(COMMANDS[words])).params:
        assert (param.help or "").endswith("."), param.name


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_is_a_door(words: str) -> None:
    door = COMMANDS[words]
    tree = ast.parse(Path(str(importlib.import_module(door.module).__file__)).read_text())
    [function] = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == door.function
    ]
    statements = [node for node in ast.walk(function) if isinstance(node, ast.stmt)]
    assert len(statements) - 2 <= 5  # the function itself and its docstring do not count


def test_summaries_fit_one_line() -> None:
    width = max(len(words) for words in COMMANDS)
    for words, door in COMMANDS.items():
        assert len(door.summary) + width + 4 <= 80, words
        assert not door.summary.endswith("."), words


def test_modules_stay_small() -> None:
    lines = {path: len(path.read_text().splitlines()) for path in MODULES}
    assert {str(path): count for path, count in lines.items() if count > 300} == {}
    assert statistics.median(count for count in lines.values() if count) <= 150


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree) or not tree.body
