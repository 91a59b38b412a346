"""A model that needs no weights, and items without files."""

from collections.abc import Callable, Sequence

import pytest

from medgpt_cli.core.errors import MedGPTError
from medgpt_cli.core.types import Place, Reply, Request, Role, Sample, Turn


def sample(line: int, question: str, answer: str, **fields: object) -> Sample:
    """A record in pair form, as the reader makes it."""
    turns = (Turn(Role.USER, (question,)), Turn(Role.ASSISTANT, (answer,)))
    return Sample(Place("my.jsonl", line), turns, answer=answer, **fields)  # type: ignore[arg-type]


class Scripted:
    """Answers each question with what `say` makes of its text, and counts what it was asked.

    What `say` raises becomes the error of its reply, as a backend does it; an interruption goes on up.
    """

    def __init__(self, say: Callable[[str], str], finished: bool = True) -> None:
        self.say, self.finished, self.asked = say, finished, []
        self.requests: list[Request] = []

    def __call__(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        for number, request in enumerate(requests):
            self.asked.append(request.turns[-1].text)
            self.requests.append(request)
            on_reply(number, self._reply(request))

    def _reply(self, request: Request) -> Reply:
        try:
            text = self.say(request.turns[-1].text)
        except Exception as error:
            name = error.code if isinstance(error, MedGPTError) else type(error).__name__
            return Reply("", error=name)
        return Reply(text, finished=self.finished, prompt_tokens=7, tokens=3, seconds=0.5)


@pytest.fixture(name="sample")
def _sample() -> Callable[..., Sample]:
    return sample


@pytest.fixture(name="Scripted")
def _scripted() -> type[Scripted]:
    return Scripted
