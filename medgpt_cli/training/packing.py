"""Which records share a row: offline bin packing with two capacities, tokens and images.

A row is filled with whole records, so no image span is ever cut.  The plan is a pure function of a pass's
order, the lengths, the limits and a seed, so nothing of it needs saving.  This module knows nothing of
tokens themselves, and nothing of how the rows are attended.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence

import numpy as np

BUFFER = 16_384
"""Records packed together; more would fill a row hardly better and would mix far less from epoch to epoch."""


def pack(
    order: Sequence[int],
    tokens: Sequence[int],
    images: Sequence[int],
    *,
    max_tokens: int,
    max_images: int,
    seed: int | None = None,
) -> list[tuple[int, ...]]:
    """Rows of record numbers, each record of a pass in exactly one.

    Each buffer of records is packed best-fit decreasing: the largest record first, each into the row where it leaves
    the least room.  What is largest has two answers where there are two capacities (by both shares together; or
    records with images first, so that texts fill what they leave), and the one that needs fewer rows is taken.

    Args:
        order: The records of the pass, in its order; neighbours share a buffer.
        tokens: Length of each record by its number, image tokens included.
        images: Images (tiles) of each record by its number.
        max_tokens: Tokens a row holds.
        max_images: Images a row holds.
        seed: Puts the rows into an order of their own; without it a row stands where its first record stood.

    Raises:
        ValueError: A record alone exceeds a limit; whoever gathers records has told the person before.
    """
    rows: list[tuple[int, ...]] = []
    for start in range(0, len(order), BUFFER):
        buffer = order[start : start + BUFFER]
        if any(tokens[r] > max_tokens or images[r] > max_images for r in buffer):
            raise ValueError("a record is longer than a row, or shows more images than a row holds")
        places = range(len(buffer))
        size = [tokens[r] for r in buffer]
        shown = [images[r] for r in buffer]
        by_share = sorted(places, key=lambda p: -(size[p] / max_tokens + shown[p] / max(max_images, 1)))
        by_images = sorted(places, key=lambda p: (-shown[p], -size[p]))
        one, other = (
            _best_fit(records, size, shown, max_tokens, max_images) for records in (by_share, by_images)
        )
        fewer = one if len(one) <= len(other) else other
        rows += [tuple(buffer[p] for p in row) for row in sorted(fewer)]
    if seed is None:
        return rows
    return [rows[index] for index in np.random.default_rng(seed).permutation(len(rows))]


def _best_fit(
    records: Sequence[int],
    tokens: Sequence[int],
    images: Sequence[int],
    max_tokens: int,
    max_images: int,
) -> list[tuple[int, ...]]:
    """Each record in turn into the row with the least room that takes it, or into a new one."""
    rows: list[list[int]] = []
    shown: list[int] = []
    room: list[tuple[int, int]] = []  # (tokens left, row), ascending
    for record in records:
        at = bisect_left(room, (tokens[record], -1))
        while at < len(room) and shown[room[at][1]] + images[record] > max_images:
            at += 1
        if at < len(room):
            left, row = room.pop(at)
        else:
            left, row = max_tokens, len(rows)
            rows.append([])
            shown.append(0)
        rows[row].append(record)
        shown[row] += images[record]
        if left > tokens[record]:
            insort(room, (left - tokens[record], row))
    return [tuple(sorted(row)) for row in rows]


def fill(rows: Sequence[Sequence[int]], tokens: Sequence[int], max_tokens: int) -> float:
    """The share of the rows' tokens that records fill, 0 to 1."""
    return sum(tokens[record] for row in rows for record in row) / (max_tokens * max(len(rows), 1))
