"""Which records share a row: offline bin packing with two capacities, tokens and images.

A row is filled with whole records, so no image span is ever cut.  The plan is a pure function of the lengths, the
limits and a seed; nothing of it needs saving, and a position in it is an integer.  This module knows nothing of
tokens themselves, and nothing of how the rows are attended.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence

import numpy as np

BUFFER = 16_384
"""Records packed together; more would fill a row hardly better and would mix far less from epoch to epoch."""


def pack(
    tokens: Sequence[int], images: Sequence[int], *, max_tokens: int, max_images: int, seed: int
) -> list[tuple[int, ...]]:
    """Rows of record numbers, each record in exactly one.

    Records are shuffled into buffers, and each buffer is packed best-fit decreasing: the largest record first, each
    into the row where it leaves the least room.  What is largest has two answers where there are two capacities
    (by both shares together; or records with images first, so that texts fill what they leave), and the one that
    needs fewer rows is taken.  Rows come out in a seeded order, records in a row in the order of their numbers.

    Args:
        tokens: Length of each record, image tokens included.
        images: Images (tiles) of each record.
        max_tokens: Tokens a row holds.
        max_images: Images a row holds.
        seed: Decides which records meet; an epoch's number belongs in it.

    Raises:
        ValueError: A record alone exceeds a limit; whoever gathers records has told the person before.
    """
    if any(length > max_tokens for length in tokens) or any(count > max_images for count in images):
        raise ValueError("a record is longer than a row, or shows more images than a row holds")
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(tokens)).tolist()
    rows: list[tuple[int, ...]] = []
    for start in range(0, len(order), BUFFER):
        buffer = order[start : start + BUFFER]
        by_share = sorted(
            buffer, key=lambda r: -(tokens[r] / max_tokens + images[r] / max(max_images, 1))
        )
        by_images = sorted(buffer, key=lambda r: (-images[r], -tokens[r]))
        one, other = (
            _best_fit(records, tokens, images, max_tokens, max_images)
            for records in (by_share, by_images)
        )
        rows += one if len(one) <= len(other) else other
    return [rows[index] for index in generator.permutation(len(rows))]


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
