"""Two models on the same messages."""

import io
from typing import Any

import pytest
from rich.console import Console

from medgpt_cli.chat.comparing import NARROWEST, OneUnderAnother, SideBySide, column_width
from medgpt_cli.chat.events import Answered, Compared, Told
from medgpt_cli.chat.screen import Pace
from medgpt_cli.chat.session import Session
from medgpt_cli.chat.terminal import converse
from medgpt_cli.chat.voices import Voice
from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.types import Reply
from tests.chat.conftest import Echo, Models, check_image
from tests.chat.emulator import Emulator
from tests.chat.test_terminal import lines

CONSOLE = Console(file=io.StringIO(), force_terminal=True, width=500, markup=False, highlight=False)


@pytest.fixture
def second() -> Echo:
    return Echo()


@pytest.fixture
def session(echo: Echo, second: Echo) -> Session:
    models = Models(other=Voice("other", "0" * 64, second))
    return Session(Voice("fake", "f" * 64, echo), models, check_image)


def said(echo: Any) -> list[str]:
    return [turn.text for turn in echo.turns[-1]]


def test_both_are_asked_the_same_and_each_goes_on_with_its_own_answers(
    session: Session, echo: Echo, second: Echo
) -> None:
    session.take("before")
    assert session.take("/compare other") == Told("other (000000000000) is asked, too, from now on.")
    session.take("/image a.png")
    both: list[str] = []
    event = session.take("one", on_text=both.append, on_other=lambda piece: both.append(piece.upper()))
    assert isinstance(event, Compared)
    assert "".join(both) == "You said: oneYOU SAID: ONE"
    assert second.images == echo.images[-1:] == [["a.png"]]
    second_voice = session.other
    assert second_voice is not None
    session.other = Voice("loud", "1" * 64, second)  # another model knows nothing of what `other` said
    session.take("two")
    assert said(second)[:3] == ["before", "You said: before", "one"]
    assert session.take("/compare off") == Told("loud is no longer asked.")
    session.take("three")
    assert (len(second.turns), len(echo.turns)) == (2, 4)


def test_each_reads_its_own_answers(session: Session, echo: Echo, second: Echo) -> None:
    session.take("/compare other")
    second_voice = session.other
    assert second_voice is not None

    def loud(turns: Any, images: Any, **words: Any) -> Reply:
        reply = second(turns, images, **words)
        return Reply(reply.text.upper(), tokens=1, seconds=1.0)

    session.other = Voice("other", "0" * 64, loud)
    session.take("one")
    session.take("two")
    assert said(echo) == ["one", "You said: one", "two"]
    assert said(second) == ["one", "YOU SAID: ONE", "two"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/compare", "compare with which model?\n/compare REF, or /compare off"),
        ("/compare nowhere", "there is no model folder nowhere\nname another"),
        ("/adapter", "which adapter?\n/adapter DIR, or /adapter none"),
        ("/adapter nowhere", "there is no model folder nowhere\nname another"),
    ],
)
def test_an_error_loses_nothing(session: Session, echo: Echo, line: str, told: str) -> None:
    session.take("/compare other")
    session.take("one")
    before = session.voice, session.other
    assert session.take(line) == Told(told, trouble=True)
    assert (session.voice, session.other) == before
    session.take("two")
    assert said(echo) == ["one", "You said: one", "two"]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (MemoryError(), "memory ran out\nthe models are as they were"),
        (KeyboardInterrupt(), "stopped\nthe models are as they were"),
    ],
)
def test_a_model_that_cannot_be_loaded_leaves_the_others(
    session: Session, failure: BaseException, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(ref: str) -> Voice:
        raise failure

    monkeypatch.setattr(session._models, "named", fails)
    assert session.take("/compare other") == Told(told, trouble=True)
    assert session.other is None


def test_an_adapter_takes_the_place_of_another_and_the_dialogue_is_kept(echo: Echo) -> None:
    with_adapter = Echo()
    plain = Voice("tiny", "a" * 64, echo, "tiny", "a" * 64)
    ward = Voice("ward", "b" * 64, with_adapter, "tiny", "a" * 64, "ward/adapter", "c" * 64)
    models = Models(ward=ward, tiny=plain)
    session = Session(plain, models, check_image)
    session.take("one")
    assert session.take("/adapter none") == Told("There is no adapter; tiny (aaaaaaaaaaaa) answers.")
    assert session.take("/adapter 'ward'") == Told(
        "From now on tiny (aaaaaaaaaaaa) with the adapter ward/adapter (cccccccccccc) answers; "
        "the dialogue is kept."
    )
    session.take("two")
    assert said(with_adapter) == ["one", "You said: one", "two"]
    assert session.take("/adapter none") == Told(
        "From now on tiny (aaaaaaaaaaaa) answers; the dialogue is kept."
    )
    assert models.asked == [("tiny", "ward"), ("ward", "None")]


def test_what_the_first_answered_stays_when_the_second_fails(session: Session, echo: Echo) -> None:
    def fails(*_: object, **__: object) -> Reply:
        raise UsageError("too long", repair="/clear the history")

    session.other = Voice("other", "0" * 64, fails)
    event = session.take("one")
    assert isinstance(event, Compared)
    assert (event.second, event.fault) == (None, "too long\n/clear the history")
    session.other = None
    session.take("two")
    assert said(echo) == ["one", "You said: one", "two"]


def test_a_stop_ends_both(session: Session, second: Echo) -> None:
    session.take("/compare other")
    answers = iter([False, False])
    event = session.take("one two", stop=lambda: next(answers, True))
    assert event == Compared(
        Answered(Reply("You said:", "thought", False, 9, 2, 0.5, 0.1), interrupted=True), None
    )
    assert second.turns == []


def test_a_whole_session_in_a_pipe(session: Session, capfd: pytest.CaptureFixture[str]) -> None:
    converse(session, lines("/compare other", "hello", "/compare off", "bye"))
    out, err = capfd.readouterr()
    assert out == ("── fake ──\nYou said: hello\n── other ──\nYou said: hello\nYou said: bye\n")
    assert err.splitlines()[1:] == [
        "other (000000000000) is asked, too, from now on.",
        "fake: 3 tokens, 0.5 s, first after 0.10 s, then 5.0 tokens/s",
        "other: 3 tokens, 0.5 s, first after 0.10 s, then 5.0 tokens/s",
        "other is no longer asked.",
        "3 tokens, 0.5 s, first after 0.10 s, then 5.0 tokens/s",
    ]


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every piece is drawn, however long that takes."""
    monkeypatch.setattr(Pace, "due", True)


def side_by_side(rows: int) -> Emulator:
    terminal = Emulator(92, rows)
    terminal.write("> question\n")
    drawn = SideBySide(("tiny", "other"), CONSOLE, terminal, lambda: (92, rows))
    for number in range(12):
        drawn.first(f"left {number}\n")
    for piece in ("**right**\n", "- and\n", "more"):
        drawn.second(piece)
        assert any(piece.strip("*-\n ") in row for row in terminal.seen)
    drawn.end()
    return terminal


@pytest.mark.parametrize("rows", [8, 30])
@pytest.mark.usefixtures("unhurried")
def test_side_by_side_each_line_stands_beside_the_other(rows: int) -> None:
    terminal = side_by_side(rows)
    shown = [row.split("│") for row in terminal.all if "│" in row][-13:]
    assert [row[0].strip() for row in shown] == ["tiny", *(f"left {number}" for number in range(12))]
    assert [row[1].strip() for row in shown[:5]] == ["other", "right", "• and", "more", ""]
    assert {len(row[0]) for row in shown} == {45}
    assert terminal.all[-1] == ""


def test_the_column_of_a_terminal() -> None:
    assert [column_width(columns) for columns in (92, 120)] == [NARROWEST, 58]


def test_nothing_said_is_nothing_shown() -> None:
    terminal = Emulator(100, 10)
    SideBySide(("tiny", "other"), CONSOLE, terminal, lambda: (100, 10)).end()
    OneUnderAnother(("tiny", "other"), terminal).end()
    assert terminal.all == [""]
