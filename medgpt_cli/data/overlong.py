"""Records longer than a row, as several: dialogues between their turns, documents between their paragraphs.

A dialogue is parted before a question only, so that every answer keeps its question; what the system says stands in
front of every piece, and pictures shown before a piece are shown again in front of its first question, because later
questions are about them too.  A text is parted at blank lines and beside pictures.  Nothing is left out: where a
single exchange or paragraph is too long, the record cannot be parted.  This module knows nothing of tokens; it is told
how long a piece is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from medgpt_cli.core.types import Role, Sample, Turn

_PARAGRAPH = re.compile(r"(?<=\n)(?=[^\n])(?<=\n\n)")

Make = Callable[[int, int], Sample]
"""From the first unit and the one behind the last to a piece."""


def part(sample: Sample, fits: Callable[[Sample], bool]) -> list[Sample]:
    """The pieces of a record, each as long as fits, in their order; empty where one unit alone does not fit.

    Args:
        sample: A record that is too long.
        fits: Whether a piece is short enough.
    """
    count, make = _of_document(sample) if sample.document else _of_dialogue(sample)
    pieces, start = [], 0
    while start < count:
        end = _furthest(start, count, partial(_fits_from, fits, make, start))
        if end == start:
            return []
        pieces.append(make(start, end))
        start = end
    return pieces


def _fits_from(fits: Callable[[Sample], bool], make: Make, start: int, end: int) -> bool:
    return fits(make(start, end))


def _furthest(start: int, count: int, fits: Callable[[int], bool]) -> int:
    """The largest end for which a piece fits, found by doubling and halving; `start` where none does."""
    low, step = start, 1
    while low + step <= count and fits(low + step):
        low, step = low + step, step * 2
    while step > 1:
        step //= 2
        if low + step <= count and fits(low + step):
            low += step
    return low


def _of_dialogue(sample: Sample) -> tuple[int, Make]:
    """Exchanges: a question, or several in a row, and all answers to it."""
    first = next((i for i, turn in enumerate(sample.turns) if turn.role is not Role.SYSTEM), 0)
    system, spoken = sample.turns[:first], sample.turns[first:]
    starts = [
        i
        for i, turn in enumerate(spoken)
        if i == 0 or (turn.role is Role.USER and spoken[i - 1].role is not Role.USER)
    ]
    bounds = [*starts, len(spoken)]

    def make(start: int, end: int) -> Sample:
        before = tuple(image for turn in spoken[: bounds[start]] for image in turn.images)
        turns = spoken[bounds[start] : bounds[end]]
        return msgspec.structs.replace(sample, turns=(*system, *_showing(before, turns)))

    return len(starts), make


def _showing(images: Sequence[int], turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Turns whose first shows pictures in front."""
    first = msgspec.structs.replace(turns[0], parts=(*images, *turns[0].parts))
    return (first, *turns[1:])


def _of_document(sample: Sample) -> tuple[int, Make]:
    """Paragraphs, each with the blank lines behind it, and pictures."""
    units: list[str | int] = []
    for piece in sample.document:
        units += _PARAGRAPH.split(piece) if isinstance(piece, str) else [piece]
    return len(units), lambda start, end: msgspec.structs.replace(
        sample, document=tuple(units[start:end])
    )
