"""A model that needs no weights, and an image check that opens nothing."""

from collections.abc import Callable, Sequence

import pytest

from medgpt_cli.chat.session import Session
from medgpt_cli.core import console
from medgpt_cli.core.errors import BadImage
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
    return Session(echo, check_image, model="fake", model_hash="f" * 64, max_new_tokens=32)
