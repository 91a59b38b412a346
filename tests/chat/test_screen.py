from collections.abc import Sequence

import pytest

from medgpt_cli.chat import screen as drawing
from medgpt_cli.chat.screen import Pace, Screen
from tests.chat.emulator import Emulator


def screen(columns: int = 20, lines: int = 6) -> tuple[Emulator, Screen]:
    terminal = Emulator(columns, lines)
    return terminal, Screen(terminal, lambda: (terminal.columns, terminal.lines))


def test_what_grows_is_drawn_in_place_and_what_is_done_stays() -> None:
    terminal, drawn = screen()
    terminal.write("> question\n")
    drawn.show([], ["one"])
    drawn.show([], ["one two"])
    drawn.show([], ["one two", "three"])
    assert terminal.seen == ["> question", "one two", "three"]
    drawn.show(["ONE"], ["x"])
    assert terminal.seen == ["> question", "ONE", "x"]
    drawn.show(["y"], [])
    drawn.end()
    assert terminal.seen == ["> question", "ONE", "y", ""]


def test_only_what_changed_is_written() -> None:
    terminal, drawn = screen()
    written: list[str] = []
    drawn.show([], ["a", "b", "c"])
    write = terminal.write
    terminal.write = lambda text: written.append(text) or write(text)  # type: ignore[method-assign, func-returns-value]
    drawn.show([], ["a", "b", "cd"])
    drawn.show([], ["a", "b", "cd", "e"])
    assert written == ["\rcd\x1b[K", "\ne\x1b[K"]


@pytest.mark.parametrize("lines", [3, 6, 40])
def test_more_than_a_screenful_is_seen_from_its_end_and_lost_nowhere(lines: int) -> None:
    terminal, drawn = screen(20, lines)
    terminal.write("> question\n")
    rows: list[str] = []
    for number in range(30):
        rows.append(f"row {number}")
        drawn.show([], rows)
        assert terminal.seen[-1] == f"row {number}"
    drawn.show(rows[:-1], rows[-1:])
    drawn.end()
    assert [row for row in terminal.all if row.startswith("row")][-30:] == rows
    assert terminal.all[-1] == ""


def test_a_line_further_up_can_be_looked_at() -> None:
    terminal, drawn = screen(20, 6)
    drawn.show([], [f"row {number}" for number in range(30)], seen=12)
    assert terminal.seen == [f"row {number}" for number in range(7, 12)]


def test_a_terminal_of_another_size_is_begun_anew() -> None:
    terminal, drawn = screen()
    drawn.show([], ["one", "two"])
    terminal.columns = 10
    drawn.show([], ["one", "two three"])
    drawn.end()
    assert terminal.seen == ["one", "two", "one", "two three", ""]


@pytest.mark.parametrize("growing", [[], [""]])
def test_nothing_is_nothing(growing: Sequence[str]) -> None:
    terminal, drawn = screen()
    drawn.show([], growing)
    drawn.end()
    assert terminal.all == [""]


def test_drawing_takes_half_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10.0]
    monkeypatch.setattr(drawing.time, "perf_counter", lambda: now[0])
    pace = Pace()
    assert pace.due
    with pace.drawing():
        now[0] += 0.5
    assert not pace.due
    now[0] += 0.5
    assert pace.due
