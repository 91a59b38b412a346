"""How the next reply will begin and how long it will be, if replies go on as lately.

This module knows nothing of models; it is told tokens.
"""

from __future__ import annotations

from collections import deque
from math import sqrt

GUESSED = 8
"""Tokens of a reply that are guessed at most."""

REMEMBERED = 8
"""Replies from whose common beginning the next is guessed; half as many are enough to begin with."""

FORGETS = 16
"""Replies after which a length counts for little more than a third."""


class Guesses:
    """What the last replies say about the next.

    Args:
        ends: Tokens that end a reply.
    """

    def __init__(self, ends: frozenset[int]) -> None:
        self._ends = ends
        self._lately: deque[list[int]] = deque(maxlen=REMEMBERED)
        self._length = 8.0

    def learn(self, reply: list[int]) -> None:
        """Takes a complete reply into account."""
        self._lately.append(reply)
        self._length += (len(reply) - self._length) / FORGETS

    def beginning(self) -> list[int]:
        """Tokens the last replies all began with, without one that ends them."""
        if len(self._lately) < REMEMBERED // 2:
            return []
        guess: list[int] = []
        for tokens in zip(*self._lately, strict=False):
            if len(set(tokens)) > 1 or tokens[0] in self._ends or len(guess) == GUESSED:
                break
            guess.append(tokens[0])
        return guess

    def enough(self, rows: int) -> float:
        """How many rows should be free before new requests move in.

        A pass over new prompts costs about what a pass that writes one token costs.  With a share f of R rows let in
        at a time and replies of L tokens, a reply costs about (1 / f + L / (1 - f / 2)) / R passes: fewest near
        f = sqrt(2 / L).
        """
        return min(1.0, sqrt(2 / self._length)) * rows
