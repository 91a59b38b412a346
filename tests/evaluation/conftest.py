"""A model that needs no weights, and items without files."""

from collections.abc import Callable, Sequence

import pytest

from medgpt_cli.core.types import Place, Reply, Role, Sample, Turn


def sample(line: int, question: str, answer: str, **fields: object) -> Sample:
    """A record in pair form, as the reader makes it."""
    turns = (Turn(Role.USER, (question,)), Turn(Role.ASSISTANT, (answer,)))
    return Sample(Place("my.jsonl", line), turns, answer=answer, **fields)  # type: ignore[arg-type]


class Scripted:
    """Answers each question with what `say` makes of its text, and counts what it was asked."""

    def __init__(self, say: Callable[[str], str], finished: bool = True) -> None:
        self.say, self.finished, self.asked = say, finished, []
        self.options: list[dict[str, object]] = []

    def __call__(self, turns: Sequence[Turn], images: Sequence[str], **options: object) -> Reply:
        self.asked.append(turns[-1].text)
        self.options.append(options)
        text = self.say(turns[-1].text)
        return Reply(text, finished=self.finished, prompt_tokens=7, tokens=3, seconds=0.5)


@pytest.fixture(name="sample")
def _sample() -> Callable[..., Sample]:
    return sample


@pytest.fixture(name="Scripted")
def _scripted() -> type[Scripted]:
    return Scripted
