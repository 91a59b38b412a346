"""What was said and shown so far, and how one message is put to a model.

An exchange is part of the dialogue only once it is answered, so an error loses nothing.  This module knows nothing of
commands or terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from medgpt_cli.chat.events import Answered
from medgpt_cli.chat.pictures import Shown, question
from medgpt_cli.chat.voices import Voice
from medgpt_cli.core.errors import OutOfResources
from medgpt_cli.core.failures import as_shortage
from medgpt_cli.core.types import Reply, Role, Turn

Heard = Callable[[str], None]
"""Called with each new piece of an answer."""

Stop = Callable[[], bool]
"""Asked after each token; True ends the answer there."""


@dataclass(frozen=True)
class Exchange:
    """A message and what was answered.

    Attributes:
        text: As the person wrote it.
        pictures: What was shown with it.
        voice: Who answered.
        answer: What.
        beside: Who else was asked and answered, and what, where two models are compared.
    """

    text: str
    pictures: tuple[Shown, ...]
    voice: Voice
    answer: Answered
    beside: tuple[Voice, Answered] | None = None

    def answer_of(self, voice: Voice) -> Answered:
        """What this model answered, or the first one where this was not asked."""
        if self.beside is not None and self.beside[0] is voice:
            return self.beside[1]
        return self.answer


def spoken(
    exchanges: Sequence[Exchange], voice: Voice, text: str, pictures: Sequence[Shown]
) -> tuple[list[Turn], list[str]]:
    """The dialogue as this model knows it, ending with a new message, and the pictures in it.

    Reasoning is left out: models are not shown their old reasoning.
    """
    turns: list[Turn] = []
    images: list[str] = []
    for each in exchanges:
        turns += [
            question(each.text, each.pictures, len(images)),
            Turn(Role.ASSISTANT, (each.answer_of(voice).reply.text,)),
        ]
        images += [shown.path for shown in each.pictures]
    turns.append(question(text, pictures, len(images)))
    return turns, [*images, *(shown.path for shown in pictures)]


def ask(
    voice: Voice,
    turns: Sequence[Turn],
    images: Sequence[str],
    *,
    max_new_tokens: int | None,
    on_text: Heard | None,
    stop: Stop | None,
) -> Answered | None:
    """Puts a dialogue to a model.

    Args:
        voice: The model.
        turns: Ending with the message.
        images: What the turns show.
        max_new_tokens: Limit of the answer; the model's default when None.
        on_text: Called with each new piece of the answer.
        stop: Whether the person wants no more of it.

    Returns:
        The answer, or None where it was stopped before a word was said.

    Raises:
        OutOfResources: Memory ran out.
    """
    pieces: list[str] = []
    stopped = False

    def heard(piece: str) -> None:
        pieces.append(piece)
        if on_text:
            on_text(piece)

    def asked() -> bool:
        nonlocal stopped
        stopped = stopped or bool(stop and stop())
        return stopped

    try:
        reply = voice.generate(turns, images, max_new_tokens=max_new_tokens, on_text=heard, stop=asked)
    except KeyboardInterrupt:  # pressed again because the model did not come up for air
        reply, stopped = Reply("".join(pieces), finished=False), True
    except Exception as error:
        if shortage := as_shortage(error):
            raise OutOfResources(
                shortage.what, repair="/clear forgets the dialogue and its images"
            ) from None
        raise
    interrupted = stopped and not reply.finished
    return None if interrupted and not reply.text else Answered(reply, interrupted)
