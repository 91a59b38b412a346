"""Answers as they are drawn at a terminal."""

import io
from typing import Any

import pytest
from rich.console import Console

from medgpt_cli.chat.writing import Drawn, draws
from tests.chat.emulator import Emulator

ANSWER = """## Findings
A nodule of 2*3*4 cm in the **right** upper lobe, which has grown since the prior film.

- no effusion
- no pneumothorax

| measure | value |
|---|--:|
| CTR | **0.5** |

Done."""


def shown(terminal: Emulator, answer: str, pieces: int, end: bool = True) -> Emulator:
    console = Console(file=io.StringIO(), force_terminal=True, width=500, markup=False, highlight=False)
    drawn = Drawn(console, terminal, lambda: (terminal.columns, terminal.lines))
    for at in range(0, len(answer), pieces):
        drawn.piece(answer[at : at + pieces])
    if end:
        drawn.end()
    return terminal


@pytest.mark.parametrize("pieces", [1, 5, 1000])
@pytest.mark.parametrize("rows", [4, 40])
def test_the_whole_answer_stands_there_once(pieces: int, rows: int) -> None:
    assert shown(Emulator(41, rows), ANSWER, pieces).all == [
        "Findings",
        "A nodule of 2*3*4 cm in the right upper",
        "lobe, which has grown since the prior",
        "film.",
        "",
        "• no effusion",
        "• no pneumothorax",
        "",
        " measure   value",
        " ───────────────",
        " CTR         0.5",
        "",
        "Done.",
        "",
    ]


def test_what_was_said_is_seen_at_once() -> None:
    assert shown(Emulator(41, 10), "The **hea", 9, end=False).seen == ["The **hea"]


def test_a_model_cannot_steer_the_terminal() -> None:
    terminal = Emulator(60, 10)
    shown(terminal, "a\x1b[2Jb\x07\x9b31m\x1b]0;title\x07\rc", 1)
    assert terminal.all == ["a[2Jb31m]0;titlec", ""]


@pytest.mark.parametrize(
    ("term", "drawn"), [("xterm", True), ("dumb", False), ("unknown", False), (None, False)]
)
def test_lines_are_drawn_again_only_where_they_can_be(
    term: str | None, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TERM", raising=False)
    if term:
        monkeypatch.setenv("TERM", term)
    assert draws(Emulator(80, 24)) is drawn
    assert not draws(io.StringIO())


def test_no_colour_leaves_what_is_bold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    written: list[Any] = []
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard")
    terminal = Emulator(80, 24)
    terminal.write = written.append  # type: ignore[assignment]
    Drawn(console, terminal, lambda: (80, 24)).piece("**x** `y`\n")
    assert "\x1b[1mx\x1b[0m y" in "".join(written)
