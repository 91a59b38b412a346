"""A reply is remembered by everything that decides it, and by nothing else."""

import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from medgpt_cli.core.types import Reply, Request, Role, Turn
from medgpt_cli.evaluation.answer_cache import AnswerCache, Remembering

SCOPE = ("weights", "float32", "slake@1")


class Model:
    """Counts what it is asked."""

    def __init__(self, error: str = "") -> None:
        self.asked: list[Request] = []
        self.error = error

    def __call__(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        for number in reversed(range(len(requests))):
            self.asked.append(requests[number])
            text = requests[number].turns[0].text
            on_reply(
                number,
                Reply("" if self.error else f"to {text}", likelihoods=(-1.5, -2.0), error=self.error),
            )


def question(text: str, *images: str, **words: object) -> Request:
    return Request((Turn(Role.USER, (text, *range(len(images)))),), images, **words)  # type: ignore[arg-type]


def content(reference: str) -> str:
    return Path(reference).read_text()


def ask(
    folder: Path,
    requests: Sequence[Request],
    model: Model,
    scope: Sequence[str] = SCOPE,
) -> tuple[dict[int, Reply], int]:
    replies: dict[int, Reply] = {}
    asking = Remembering(model, AnswerCache(folder / "answers"), scope, content)
    asking(requests, lambda number, reply: replies.__setitem__(number, reply))
    return replies, asking.known


def test_what_is_known_is_not_asked_again_and_comes_back_whole(tmp_path: Path) -> None:
    model = Model()
    first, known = ask(tmp_path, [question("one"), question("two")], model)
    assert (len(model.asked), known) == (2, 0)
    again, known = ask(tmp_path, [question("two"), question("three"), question("one")], model)
    assert [request.turns[0].text for request in model.asked[2:]] == ["three"]
    assert known == 2
    assert (again[0], again[2]) == (first[1], first[0])
    assert again[1].text == "to three"


@pytest.mark.parametrize(
    "other",
    [
        question("other", "a.png"),
        question("q", "b.png"),  # another picture
        question("q"),
        question("q", "a.png", max_new_tokens=9),
        question("q", "a.png", choices=("A", "B")),
        question("q", "a.png", generate=False),
        Request((Turn(Role.USER, (0, "q")),), ("a.png",)),  # the picture stands elsewhere
    ],
)
def test_another_question_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: Request
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_text("one picture")
    Path("b.png").write_text("another")
    model = Model()
    ask(tmp_path, [question("q", "a.png")], model)
    assert ask(tmp_path, [other], model)[1] == 0
    assert len(model.asked) == 2


@pytest.mark.parametrize("place", range(3))
def test_another_scope_is_another_one(tmp_path: Path, place: int) -> None:
    model = Model()
    ask(tmp_path, [question("q")], model)
    other = [*SCOPE]
    other[place] = "other"
    assert ask(tmp_path, [question("q")], model, other)[1] == 0


def test_pictures_are_known_by_their_content_wherever_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_text("one picture")
    Path("moved.png").write_text("one picture")
    model = Model()
    ask(tmp_path, [question("q", "a.png")], model)
    assert ask(tmp_path, [question("q", "moved.png")], model)[1] == 1
    Path("a.png").write_text("painted over")
    assert ask(tmp_path, [question("q", "a.png")], model)[1] == 0


def test_errors_are_not_kept_and_unread_pictures_are_left_to_whoever_is_asked(tmp_path: Path) -> None:
    failing, model = Model("ENDPOINT_TIMEOUT"), Model()
    ask(tmp_path, [question("q")], failing)
    assert ask(tmp_path, [question("q")], model)[1] == 0
    gone = question("q", "gone.png")
    assert ask(tmp_path, [gone], model)[0][0].text == "to q"
    assert ask(tmp_path, [gone], model)[1] == 0


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    ask(tmp_path, [question("q")], Model())
    assert stat.S_IMODE((tmp_path / "answers").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "answers/answers.sqlite").stat().st_mode) == 0o600
