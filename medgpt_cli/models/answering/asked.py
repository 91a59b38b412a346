"""A request as tokens: one trunk that is read once, and the branches that leave it; and what came of it.

The trunk is what the prompt and all proposed answers have in common.  Where an answer shall be written, the prompt is
a branch (mostly an empty one); each proposed answer is a branch whose own tokens are weighed.  All of it is tokenised
whole and parted at tokens only, so nothing is read that was not in the joint tokenisation.  This module knows nothing
of models or tensors; it is handed what encodes a dialogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Protocol

import numpy as np

from medgpt_cli.core.types import Request, Turn

Ids = np.ndarray[Any, np.dtype[np.int32]]


class Encode(Protocol):
    """What turns dialogues into token ids; `data.answers.AnswerEncoder` is one."""

    def tiles(self, images: Sequence[str]) -> tuple[int, ...]:
        """How many tiles each image is shown in; empty where each is shown whole."""
        ...

    def prompt(self, turns: Sequence[Turn], tiles: Sequence[int] = ()) -> list[int]:
        """Ids of a dialogue that the model shall go on with, image tokens widened."""
        ...

    def answered(
        self, turns: Sequence[Turn], texts: Sequence[str], tiles: Sequence[int] = ()
    ) -> list[tuple[list[int], int]]:
        """Ids of a dialogue with each of several answers, and where the answer's own tokens begin."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """A proposed answer.

    Attributes:
        ids: S token ids of dialogue and answer.
        start: Where the answer's own begin.
    """

    ids: Ids
    start: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, encoded.

    Attributes:
        number: Its place among the requests.
        prompt: S token ids.
        images: References of the pictures, in the order in which their tokens stand.
        limit: Tokens the reply may take; 0 where none is to be written.
        choices: The texts that are weighed.
        trunk: How many tokens the paths (prompt, if a reply is written, and choices) have in common.
        shareable: How many of these may come from elsewhere; what is looked at must be read here.
        tiles: How many tiles each picture is shown in; empty where each is shown whole.
    """

    number: int
    prompt: Ids
    images: tuple[str, ...]
    limit: int
    choices: tuple[Choice, ...]
    trunk: int
    shareable: int
    tiles: tuple[int, ...] = ()

    def bounds(self, image_id: int) -> list[int]:
        """Where among a path's image tokens each picture begins, and the end.

        Args:
            image_id: The token that stands for pictures.
        """
        tiles = self.tiles or (1,) * len(self.images)
        a_tile = int(np.count_nonzero(self.path == image_id)) // max(sum(tiles), 1)
        return [0, *accumulate(count * a_tile for count in tiles)]

    @property
    def path(self) -> Ids:
        """A path that holds the trunk."""
        return self.prompt if self.limit or not self.choices else self.choices[0].ids

    @property
    def longest(self) -> int:
        """Positions the request needs at most."""
        return max([len(self.prompt) + self.limit, *(len(choice.ids) for choice in self.choices)])

    @property
    def slots(self) -> int:
        """Tokens that are held at once, trunk and branches and reply."""
        written = len(self.prompt) - self.trunk + self.limit if self.limit else 0
        return self.trunk + written + sum(len(choice.ids) - self.trunk for choice in self.choices)


@dataclass(slots=True)
class Answered:
    """What came of a request.

    Attributes:
        asked: The request.
        tokens: What was written, the stop token included.
        likelihoods: Of its choices, in nats.
        finished: Whether the stop token was written, where a reply was asked for.
        error: Its name, where there is one.
        seconds: From the pass that read the prompt to the end.
        first_token_seconds: To the first token.
    """

    asked: Asked
    tokens: list[int] = field(default_factory=list)
    likelihoods: tuple[float, ...] = ()
    finished: bool = True
    error: str = ""
    seconds: float = 0.0
    first_token_seconds: float = 0.0


def encode_request(number: int, request: Request, encode: Encode, limit: int) -> Asked:
    """Encodes one request.

    Args:
        number: Its place among the requests.
        request: What is asked.
        encode: Makes ids of dialogues.
        limit: Tokens of a reply where the request names none.
    """
    images = tuple(request.images[i] for turn in request.turns for i in turn.images)
    tiles = encode.tiles(images)
    prompt = np.asarray(encode.prompt(request.turns, tiles), np.int32)
    limit = (request.max_new_tokens or limit) if request.generate else 0
    choices = tuple(
        Choice(np.asarray(ids, np.int32), start)
        for ids, start in (
            encode.answered(request.turns, request.choices, tiles) if request.choices else ()
        )
    )
    # A choice's last token is never read, only looked for.
    paths = [choice.ids[: max(len(choice.ids) - 1, choice.start)] for choice in choices]
    paths += [prompt] if limit or not paths else []
    trunk = min(shared(paths[0], path) for path in paths)
    looked = min([trunk, *(choice.start for choice in choices)])
    return Asked(number, prompt, images, limit, choices, trunk, max(looked - 1, 0), tiles)


def shared(one: Ids, other: Ids) -> int:
    """How many elements two rows have in common at their beginning."""
    length = min(len(one), len(other))
    different = np.flatnonzero(one[:length] != other[:length])
    return int(different[0]) if len(different) else length
