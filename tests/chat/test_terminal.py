import os
import signal
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from medgpt_cli.chat.session import Session
from medgpt_cli.chat.terminal import converse, stoppable, tally
from medgpt_cli.chat.voices import Voice
from medgpt_cli.chat.writing import writing
from medgpt_cli.core import console
from medgpt_cli.core.types import Reply


def lines(*typed: str | type[BaseException]) -> Callable[[], str]:
    waiting: Iterable[str | type[BaseException]] = iter(typed)

    def read() -> str:
        line = next(waiting, EOFError)  # type: ignore[call-overload]
        if isinstance(line, str):
            return line
        raise line

    return read


def test_a_whole_session_word_for_word(session: Session, capfd: pytest.CaptureFixture[str]) -> None:
    converse(
        session, lines("", "hello there", "/image bad.png", KeyboardInterrupt, "/imag", "  ", "bye")
    )
    out, err = capfd.readouterr()
    assert out == "You said: hello there\nYou said: bye\n"
    assert err.splitlines() == [
        "/image PATH shows an image, /help lists the commands, Ctrl-D leaves.",
        "4 tokens, 0.5 s, first after 0.10 s, then 7.5 tokens/s",
        "bad.png  is damaged or cut short",
        "copy it again from where it came",
        "",
        "To leave: /quit or Ctrl-D.",
        "there is no command /imag",
        "did you mean /image?",
        "3 tokens, 0.5 s, first after 0.10 s, then 5.0 tokens/s",
    ]


def test_quit_leaves_at_once(session: Session, echo: Any, capfd: pytest.CaptureFixture[str]) -> None:
    converse(session, lines("/quit", "never asked"))
    assert echo.turns == []


def test_quiet_leaves_answers_and_errors(session: Session, capfd: pytest.CaptureFixture[str]) -> None:
    console.set_quiet(True)
    try:
        converse(session, lines("hello", "/imag"))
    finally:
        console.set_quiet(False)
    assert capfd.readouterr() == (
        "You said: hello\n",
        "there is no command /imag\ndid you mean /image?\n",
    )


def test_lines_are_read_from_a_pipe(
    session: Session, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.write(writing, "hello\nMückenstich".encode())
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        monkeypatch.setattr("sys.stdin", pipe)
        converse(session)
    assert capfd.readouterr().out == "You said: hello\nYou said: Mückenstich\n"


def test_an_interrupt_stops_the_answer_and_not_the_program(
    session: Session, echo: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    works = session.voice.generate

    def pressed(turns: Any, images: Any, *, on_text: Any, **options: Any) -> Reply:
        def heard(piece: str) -> None:
            on_text(piece)
            if piece == " one":
                os.kill(os.getpid(), signal.SIGINT)

        return works(turns, images, on_text=heard, **options)

    session.voice = Voice("fake", "f" * 64, pressed)
    converse(session, lines("one two three", "go on"))
    out, err = capfd.readouterr()
    assert out == "You said: one\nYou said: go on\n"
    assert err.splitlines()[1:] == [
        "3 tokens, 0.5 s, first after 0.10 s, then 5.0 tokens/s, stopped",
        "4 tokens, 0.5 s, first after 0.10 s, then 7.5 tokens/s",
    ]
    assert signal.getsignal(signal.SIGINT) is before


def test_the_second_interrupt_is_one() -> None:
    with stoppable() as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_model_cannot_steer_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    shown = writing()
    shown.piece("\x1b[2Jleft\x07\x9b31m\r\n\tµ")
    shown.end()
    assert capfd.readouterr().out == "[2Jleft31m\n\tµ\n"


@pytest.mark.parametrize(
    ("reply", "interrupted", "text"),
    [
        (Reply("x", tokens=1, seconds=2.0), False, "1 token, 2.0 s, 0.5 tokens/s"),
        (
            Reply("x", finished=False, tokens=8, seconds=0.5),
            False,
            "8 tokens, 0.5 s, 16.0 tokens/s, cut at the token limit",
        ),
        (Reply("x", finished=False), True, "stopped"),
        (
            Reply("x", tokens=11, seconds=6.0, first_token_seconds=5.0),
            False,
            "11 tokens, 6.0 s, first after 5.00 s, then 10.0 tokens/s",
        ),
        (
            Reply("", finished=False, tokens=1, seconds=0.25, first_token_seconds=0.25),
            False,
            "1 token, 0.2 s, first after 0.25 s, cut at the token limit before an answer began",
        ),
    ],
)
def test_tally(reply: Reply, interrupted: bool, text: str) -> None:
    assert tally(reply, interrupted=interrupted) == text
