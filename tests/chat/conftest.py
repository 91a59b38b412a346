"""A model that needs no weights, and an image check that opens nothing."""

from collections.abc import Callable, Sequence

import pytest

from medgpt_cli.chat.session import Session
from medgpt_cli.chat.voices import Voice
from medgpt_cli.core import console
from medgpt_cli.core.errors import BadImage, NotThere
from medgpt_cli.core.types import Reply, Turn


class Echo:
    """Says what it was asked back, word by word, and remembers everything it was given."""

    def __init__(self) -> None:
        self.turns: list[list[Turn]] = []
        self.images: list[list[str]] = []
        self.limits: list[int | None] = []

    def __call__(
        self,
        turns: Sequence[Turn],
        images: Sequence[str],
        *,
        max_new_tokens: int | None = None,
        on_text: Callable[[str], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Reply:
        self.turns.append(list(turns))
        self.images.append(list(images))
        self.limits.append(max_new_tokens)
        said, finished = "", True
        for word in f"You said: {turns[-1].text}".split(" "):
            if stop and stop():
                finished = False
                break
            piece = word if not said else f" {word}"
            said += piece
            if on_text:
                on_text(piece)
        count = len(said.split())
        return Reply(
            said,
            "thought",
            finished,
            prompt_tokens=9,
            tokens=count,
            seconds=0.5,
            first_token_seconds=0.1,
        )


class Models:
    """Gives what was put in, by name; a name that nobody put in is an error, as of a model that is not there."""

    def __init__(self, **voices: Voice) -> None:
        self.voices = voices
        self.asked: list[tuple[str, ...]] = []

    def with_adapter(self, voice: Voice, adapter: str | None) -> Voice:
        self.asked.append((voice.name, str(adapter)))
        return self.named(adapter or voice.base)

    def named(self, ref: str) -> Voice:
        if ref not in self.voices:
            raise NotThere(f"there is no model folder {ref}", repair="name another")
        return self.voices[ref]


def check_image(path: str) -> None:
    if "bad" in path:
        raise BadImage("is damaged or cut short", where=path, repair="copy it again from where it came")


@pytest.fixture(autouse=True)
def speaking() -> None:
    """Another test's `--quiet` ends here."""
    console.set_quiet(False)


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def session(echo: Echo) -> Session:
    return Session(Voice("fake", "f" * 64, echo), Models(), check_image, max_new_tokens=32)
