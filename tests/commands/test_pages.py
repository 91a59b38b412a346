"""Help as it is read: one page to the letter, at two widths, in colour and without."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Annotated, Any

import pytest
import typer

from medgpt_cli.commands import pages, parsing
from medgpt_cli.commands.options import Json, Overrides


def explain(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="What to read.")],
    overrides: Overrides = None,
    count: Annotated[int, typer.Option("--count", help="How many to read before it stops.")] = 3,
    rate: Annotated[float | None, typer.Option("--rate", help="How fast.")] = None,
    a_rather_long_name: Annotated[str, typer.Option("--a-rather-long-name", help="Stands alone.")] = "",
    json: Json = False,
) -> None:
    """Reads a source and says what it is, in as many words as are needed and not in a single word more.

    A second paragraph.

    Args:
        source: Not for the page.

    Example:
        medgpt explain here
        medgpt explain there --count 2
    """


WIDE = """\
Usage
  medgpt explain [OPTIONS] SOURCE [KEY=VALUE ...]

  Reads a source and says what it is, in as many words as are needed and not in
  a single word more.

  A second paragraph.

Arguments
  SOURCE     What to read.
  KEY=VALUE  Recipe fields to set, stronger than the file, such as
             train.lr=1e-5.

Options
  --count N  How many to read before it stops. (default 3)
  --rate X   How fast.
  --a-rather-long-name TEXT
             Stands alone.
  --json     One JSON document on stdout and nothing else, errors included.
  --help     Show this page.

Example
  medgpt explain here
  medgpt explain there --count 2
"""

NARROW = """\
Usage
  medgpt explain [OPTIONS] SOURCE [KEY=VALUE ...]

  Reads a source and says what it is, in
  as many words as are needed and not in
  a single word more.
"""


def page(function: Callable[..., Any] = explain) -> str:
    return pages.command_page("explain", function, parsing.build("explain", function).params)


def test_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert page() == WIDE


@pytest.mark.parametrize("columns", ["10", "40"])
def test_a_page_on_a_narrow_terminal(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert page().startswith(NARROW)


def test_a_page_grows_no_wider_than_is_easy_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    assert max(map(len, page().splitlines())) <= 100


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_only_where_it_is_wanted(
    env: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", Terminal())
    assert ("\x1b[1mUsage\x1b[0m" in page()) is coloured
    assert ("\x1b" in page()) is coloured


def test_colour_does_not_move_the_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    plain = page()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout", Terminal())
    coloured = page()
    for code in ("\x1b[1m", "\x1b[36m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain


def test_the_overview(medgpt: Callable[..., Any]) -> None:
    done = medgpt("--help")
    assert (done.code, done.err) == (0, "")
    assert medgpt() == done
    assert done.out.startswith("medgpt ")
    assert "\n  align           Stage 1: teach the projector the language model's space\n" in done.out
    assert done.out.endswith("\n\nExample\n  medgpt sft --data local.jsonl\n")
    assert max(map(len, done.out.splitlines())) <= 80


def test_a_group(medgpt: Callable[..., Any]) -> None:
    assert medgpt("recipe", "--help") == (
        0,
        """\
Usage
  medgpt recipe COMMAND [OPTIONS]

Commands
  recipe list    The recipes that come with medgpt
  recipe show    Every value of a recipe and where it came from
  recipe check   Name every fault of recipe files
  recipe diff    What differs between two recipes
  recipe fields  Every field of a stage, explained

Example
  medgpt recipe list --help
""",
        "",
    )
