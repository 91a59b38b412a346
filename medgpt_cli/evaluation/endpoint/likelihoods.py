"""Likelihoods of option letters from what a server says about the first token of its answer.

A server tells the likeliest tokens alone.  Where one letter is not among them, no letter's likelihood is told: a guess
for the missing one would be a number nobody measured.  This module knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import msgspec


class Told(msgspec.Struct, frozen=True):
    """A token and its log-probability in nats."""

    token: str
    logprob: float


class Position(Told, frozen=True):
    """A place of the answer: its token and the likeliest ones there."""

    top_logprobs: tuple[Told, ...] = ()


def are_letters(choices: Sequence[str]) -> bool:
    """Whether the first token can tell the choices apart: two or more different single characters."""
    return (
        len(choices) > 1
        and all(len(choice) == 1 for choice in choices)
        and len({*choices}) == len(choices)
    )


def of_letters(choices: Sequence[str], first: Position) -> tuple[float, ...]:
    """The log-probability of each letter as the first token.

    Args:
        choices: The letters.
        first: What was told about the first place.

    Returns:
        In the order of the letters; a letter told with and without a blank before it counts with both.  Empty
        where one is not told.
    """
    told = {entry.token: entry.logprob for entry in (first, *first.top_logprobs)}
    found = []
    for letter in choices:
        shares = [exp(min(value, 0.0)) for token, value in told.items() if token.strip() == letter]
        if (
            not sum(shares) > 0
        ):  # not told, or -9999, which servers write for "not among those I looked at"
            return ()
        found.append(log(sum(shares)))
    return tuple(found)
