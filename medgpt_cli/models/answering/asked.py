"""A request as tokens: what the model reads, what it may write, and which texts are weighed as its answer.

This module knows nothing of models or tensors; it is handed what encodes a dialogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from medgpt_cli.core.types import Request, Turn

TOO_LONG = "TOO_LONG"
"""The error of a request whose prompt and reply do not fit into the model."""


class Encode(Protocol):
    """What turns dialogues into token ids; `data.dialogue.DialogueEncoder` is one."""

    def prompt(self, turns: Sequence[Turn]) -> list[int]:
        """Ids of a dialogue that the model shall go on with, image tokens widened."""
        ...

    def answered(self, turns: Sequence[Turn], text: str) -> tuple[list[int], int]:
        """Ids of a dialogue with its answer, and where the answer's own tokens begin."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, encoded.

    Attributes:
        number: Its place among the requests.
        prompt: S token ids.
        images: References of the pictures, in the order in which their tokens stand.
        limit: Tokens the reply may take; 0 where none is to be written.
        choices: For each text that is weighed, the ids of prompt and text, and where the text's own begin.
    """

    number: int
    prompt: list[int]
    images: tuple[str, ...]
    limit: int
    choices: tuple[tuple[list[int], int], ...]

    @property
    def longest(self) -> int:
        """Positions the request needs at most."""
        return max([len(self.prompt) + self.limit, *(len(ids) for ids, _ in self.choices)])


def encode_request(number: int, request: Request, encode: Encode, limit: int) -> Asked:
    """Encodes one request.

    Args:
        number: Its place among the requests.
        request: What is asked.
        encode: Makes ids of dialogues.
        limit: Tokens of a reply where the request names none.
    """
    return Asked(
        number,
        encode.prompt(request.turns),
        tuple(request.images[i] for turn in request.turns for i in turn.images),
        (request.max_new_tokens or limit) if request.generate else 0,
        tuple(encode.answered(request.turns, text) for text in request.choices),
    )
