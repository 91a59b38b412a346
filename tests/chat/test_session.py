import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.chat.events import Answered, Attached, Left, Told
from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.chat.session import HELP, Session
from medgpt_cli.chat.voices import Voice
from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.types import Reply, Role, Turn


def say(session: Session, line: str) -> Answered:
    event = session.take(line)
    assert isinstance(event, Answered)
    return event


def test_the_dialogue_grows_turn_by_turn(session: Session, echo: Any) -> None:
    assert say(session, "hello").reply.text == "You said: hello"
    say(session, "again")
    assert echo.turns[1] == [
        Turn(Role.USER, ("hello",)),
        Turn(Role.ASSISTANT, ("You said: hello",)),
        Turn(Role.USER, ("again",)),
    ]
    assert echo.limits == [32, 32]


def test_images_go_with_the_next_message_and_stay_in_the_history(session: Session, echo: Any) -> None:
    one, two = session.take("/image a.png"), session.take("/image 'my b.png'")
    assert one == Attached("1 image will be shown with the next message.", "a.png")
    assert two == Attached("2 images will be shown with the next message.", "my b.png")
    say(session, "compare")
    session.take('/image "c.dcm#frame=3"')
    say(session, "and this")
    assert echo.images == [["a.png", "my b.png"], ["a.png", "my b.png", "c.dcm#frame=3"]]
    assert [turn.images for turn in echo.turns[1]] == [(0, 1), (), (2,)]
    assert echo.turns[1][0].parts == (0, 1, "compare")


def test_a_home_folder_is_understood(
    session: Session, echo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    session.take("/image ~/x.png")
    say(session, "q")
    assert echo.images == [["/home/me/x.png"]]


def test_a_bad_image_costs_nothing(session: Session, echo: Any) -> None:
    say(session, "hello")
    session.take("/image good.png")
    event = session.take("/image bad.png")
    assert event == Told(
        "bad.png  is damaged or cut short\ncopy it again from where it came", trouble=True
    )
    say(session, "go on")
    assert echo.images[-1] == ["good.png"]
    assert len(echo.turns[-1]) == 3


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (UsageError("too long", repair="/clear the history"), "too long\n/clear the history"),
        (MemoryError(), "memory ran out\n/clear forgets the dialogue and its images"),
    ],
)
def test_a_failed_answer_leaves_the_dialogue_as_it_was(
    session: Session, echo: Any, failure: Exception, told: str
) -> None:
    say(session, "hello")
    session.take("/image a.png")
    works = session.voice

    def fails(*_: object, **__: object) -> Reply:
        raise failure

    session.voice = Voice("fake", "f" * 64, fails)
    assert session.take("too much") == Told(told, trouble=True)
    session.voice = works
    say(session, "less")
    assert [turn.text for turn in echo.turns[-1]] == ["hello", "You said: hello", "less"]
    assert echo.images[-1] == ["a.png"]


def test_a_bug_is_not_hidden(session: Session) -> None:
    def fails(*_: object, **__: object) -> Reply:
        raise ZeroDivisionError

    session.voice = Voice("fake", "f" * 64, fails)
    with pytest.raises(ZeroDivisionError):
        session.take("hello")


def stop_after(words: int) -> Any:
    answers: Iterator[bool] = iter([False] * words)
    return lambda: next(answers, True)


def test_a_stopped_answer_keeps_what_was_said_and_is_marked(session: Session, echo: Any) -> None:
    event = session.take("one two three", stop=stop_after(3))
    assert isinstance(event, Answered)
    assert (event.reply.text, event.interrupted) == ("You said: one", True)
    assert session._exchanges[0].answer.interrupted
    say(session, "go on")
    assert echo.turns[-1][1] == Turn(Role.ASSISTANT, ("You said: one",))


def test_an_answer_stopped_before_its_first_word_is_not_in_the_dialogue(
    session: Session, echo: Any
) -> None:
    session.take("/image a.png")
    event = session.take("one", stop=stop_after(0))
    assert event == Told("Stopped before a word was said; the message is not part of the dialogue.")
    say(session, "two")
    assert [turn.parts for turn in echo.turns[-1]] == [(0, "two")]


def test_a_second_interrupt_keeps_what_was_heard(session: Session) -> None:
    def stuck(*_: object, on_text: Any, **__: object) -> Reply:
        on_text("half an")
        raise KeyboardInterrupt

    session.voice = Voice("fake", "f" * 64, stuck)
    event = session.take("hello")
    assert isinstance(event, Answered)
    assert (event.reply.text, event.interrupted) == ("half an", True)


def test_clear_forgets_images_and_words(session: Session, echo: Any) -> None:
    session.take("/image a.png")
    say(session, "hello")
    session.take("/image b.png")
    assert session.take("/clear") == Told("The dialogue is forgotten.")
    say(session, "new")
    assert echo.images[-1] == []
    assert len(echo.turns[-1]) == 1


def test_save_writes_a_private_transcript_with_notice_and_hash(session: Session, tmp_path: Path) -> None:
    session.take("/image prior=a.png")
    session.take("/image b.png")
    say(session, "hello")
    file = tmp_path / "talk one.json"
    assert session.take(f"/save {file}") == Told(f"Saved to {file}.")
    assert json.loads(file.read_text()) == {
        "notice": NOTICE,
        "model": "fake",
        "model_hash": "f" * 64,
        "adapter": None,
        "turns": [
            {
                "role": "user",
                "text": "hello",
                "images": ["a.png", "b.png"],
                "image_names": ["prior", ""],
            },
            {
                "role": "assistant",
                "model": "fake",
                "model_hash": "f" * 64,
                "adapter": None,
                "text": "You said: Pictures: prior image, image.\nhello",
                "thinking": "thought",
                "finished": True,
                "interrupted": False,
                "tokens": 7,
                "seconds": 0.5,
                "first_token_seconds": 0.1,
            },
        ],
    }
    assert stat.S_IMODE(file.stat().st_mode) & 0o007 == 0
    assert list(tmp_path.iterdir()) == [file]


def test_save_overwrites_its_own_file_and_no_other(session: Session, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.json", tmp_path / "other.png"
    other.write_text("precious")
    session.take(f"/save {mine}")
    say(session, "hello")
    assert session.take(f"/save {mine}") == Told(f"Saved to {mine}.")
    assert len(json.loads(mine.read_text())["turns"]) == 2
    assert session.take(f"/save {other}") == Told(f"{other} exists\nname another file", trouble=True)
    assert other.read_text() == "precious"
    nowhere = tmp_path / "no" / "x.json"
    assert session.take(f"/save {nowhere}") == Told(
        f"{nowhere} cannot be written: No such file or directory\nname another file", trouble=True
    )


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("/help", Told(HELP)),
        ("/quit", Left()),
        ("/quit ", Left()),
        ("/imag x.png", Told("there is no command /imag\ndid you mean /image?", trouble=True)),
        ("/exit", Told("there is no command /exit\ndid you mean /quit?", trouble=True)),
        ("/5", Told("there is no command /5\n/help lists the commands", trouble=True)),
        ("/image", Told("which image?\n/image PATH", trouble=True)),
        ("/save", Told("save where?\n/save FILE", trouble=True)),
    ],
)
def test_commands(session: Session, line: str, event: object) -> None:
    assert session.take(line) == event


def test_a_space_in_front_makes_a_slash_a_message(session: Session) -> None:
    assert say(session, " /5 of the heart").reply.text == "You said: /5 of the heart"


def test_a_window_is_put_on_the_image_that_waits(session: Session, echo: Any) -> None:
    session.take("/image a.png")
    session.take("/image ct.dcm#frame=3")
    assert session.take("/window 400 40") == Attached(
        "The image will be shown at level 40, window 400.", "ct.dcm#frame=3&window=40/400"
    )
    session.take("/window 1500 -600")
    say(session, "compare")
    assert echo.images == [["a.png", "ct.dcm#frame=3&window=-600/1500"]]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/window", "which window?\n/window WIDTH LEVEL, such as /window 400 40"),
        ("/window 400", "which window?\n/window WIDTH LEVEL, such as /window 400 40"),
        ("/window 400 40", "no image waits for the next message\n/image PATH first"),
    ],
)
def test_a_window_that_cannot_be(session: Session, line: str, told: str) -> None:
    assert session.take(line) == Told(told, trouble=True)


def test_an_image_that_takes_no_window_keeps_its_own(
    session: Session, tmp_path: Path, echo: Any
) -> None:
    from PIL import Image

    from medgpt_cli.data.images.reading import open_image

    Image.radial_gradient("L").save(tmp_path / "x.png")
    session = Session(session.voice, session._models, open_image)
    session.take(f"/image {tmp_path / 'x.png'}")
    for wrong in ("400 40", "x y"):
        event = session.take(f"/window {wrong}")
        assert isinstance(event, Told)
        assert event.trouble
    say(session, "q")
    assert echo.images == [[str(tmp_path / "x.png")]]
