"""The words by which rooms meet: a `Sample`, its `Turn`s, and the `Generate` callable.

Shapes used throughout: B records in a batch, S tokens in a sequence, N image tiles, V vocabulary.
This module knows nothing of files, torch or any model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

MAX_NEW_TOKENS = 256
"""Longest answer where neither command, task nor the run's recipe names one, whoever answers; reasoning counts."""


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Element(int):
    """A line of a JSON array on which several records begin, and which of them is meant; printed as `1[17]`.

    Args:
        line: From 1.
        index: Of the record in the array, from 0.
    """

    index: int

    def __new__(cls, line: int, index: int) -> Element:
        """A line that knows its element."""
        made = super().__new__(cls, line)
        made.index = index
        return made

    def __reduce__(self) -> tuple[type[Element], tuple[int, int]]:
        """What a copy in another process is made of."""
        return Element, (int(self), self.index)

    def __str__(self) -> str:
        return f"{int(self)}[{self.index}]"


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a record stands; printed as `file:line`, which is all a message may say about it.

    Attributes:
        file: As the person named it.
        line: From 1; an `Element` where a line of an array holds several records.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Turn(msgspec.Struct, frozen=True, gc=False):
    """One message of a dialogue.

    Attributes:
        role: Who speaks.
        parts: In reading order, a string for text and an integer for an image (an index into `Sample.images`).
        thinking: The assistant's reasoning before the answer, or an empty string.
    """

    role: Role
    parts: tuple[str | int, ...]
    thinking: str = ""

    @property
    def text(self) -> str:
        """The text parts alone, joined."""
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def images(self) -> tuple[int, ...]:
        """Indices of the images shown in this turn, in order."""
        return tuple(part for part in self.parts if isinstance(part, int))


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One training or evaluation record, whatever form it was written in.

    Attributes:
        place: The file and line it came from.
        turns: The dialogue; empty for a plain document.
        document: Parts of a plain text for mid-training (`text` form); empty for a dialogue.
        images: Paths as resolved, with what was written behind the `#` to say which picture of the file is meant: a
            frame (`x.dcm#frame=12`), a slice of a volume (`scan.nii.gz#plane=axial&slice=40`), a region of a slide
            (`slide.svs#x=9000&y=700&width=512&height=512`), bytes in Parquet (`shard.parquet#row=17&column=image`),
            a display window (`#window=40/400`); `data.images.references` has them all.
        options: Multiple-choice options as (letter, text), or empty.
        answer: The gold answer as written, where the record is a question and an answer.
        keys: What ties records together whichever set they stand in, as `kind:value` (`pmcid:PMC212319`,
            `patient:mimic/10000032`, `image:slake/xmlab102`): records that share a key belong to one group.
        facets: What a table may be split by, as (name, value): modality, anatomy, question_type, language.
    """

    place: Place
    turns: tuple[Turn, ...] = ()
    document: tuple[str | int, ...] = ()
    images: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    answer: str = ""
    id: str = ""
    patient_id: str = ""
    study_id: str = ""
    source: str = ""
    licence: str = ""
    split: str = ""
    keys: tuple[str, ...] = ()
    facets: tuple[tuple[str, str], ...] = ()


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What a model answered.

    Attributes:
        text: The answer a person reads (harmony: the final channel alone).
        thinking: Reasoning before it, or an empty string.
        finished: False when the token limit ended the reply before its stop token.
        prompt_tokens: Tokens read, image tokens included.
        tokens: Tokens written, the stop token included.
        seconds: Wall time of the whole reply.
        first_token_seconds: Wall time until the first token.
        error: The stable name of what went wrong (`ENDPOINT_TIMEOUT`), where nothing was answered; never a text of
            the record's.
        likelihoods: For each of the request's `choices`, the sum of its tokens' log-probabilities (nats); empty
            where none were asked for.
    """

    text: str
    thinking: str = ""
    finished: bool = True
    prompt_tokens: int = 0
    tokens: int = 0
    seconds: float = 0.0
    first_token_seconds: float = 0.0
    error: str = ""
    likelihoods: tuple[float, ...] = ()


class Request(msgspec.Struct, frozen=True, gc=False):
    """One question to a model, as a backend of the evaluation is handed many of them.

    Attributes:
        turns: The dialogue, shots included, ending with a user turn.
        images: Paths the turns' image parts index into.
        max_new_tokens: Limit of the reply; the model's default when None.
        choices: Texts whose likelihood as the answer is wanted, or empty.
        generate: Whether an answer is to be written; False where the likelihoods alone are wanted.
    """

    turns: tuple[Turn, ...]
    images: tuple[str, ...] = ()
    max_new_tokens: int | None = None
    choices: tuple[str, ...] = ()
    generate: bool = True


class Generate(Protocol):
    """How the evaluator and the chat ask a model, without knowing which."""

    def __call__(
        self,
        turns: Sequence[Turn],
        images: Sequence[str],
        *,
        max_new_tokens: int | None = None,
        on_text: Callable[[str], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Reply:
        """Answers the dialogue, greedily and deterministically.

        Args:
            turns: The dialogue so far, ending with a user turn.
            images: Paths the turns' image parts index into.
            max_new_tokens: Limit of the reply; the model's default when None.
            on_text: Called with each new piece of the answer's text as it is written (never with thinking).
            stop: Asked after each token; True ends the reply there with `finished=False`.
        """
        ...


class AnswerMany(Protocol):
    """How the evaluator asks many questions at once, and leaves the order of work to whoever answers."""

    def __call__(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        """Answers every request, greedily and deterministically.

        Args:
            requests: What is asked.  Those that share pictures or a beginning may share work.
            on_reply: Told the number of the request and its reply as soon as there is one, in any order, each once.
                A request that fails gets a reply with `error` set; the others are answered all the same.
        """
        ...
