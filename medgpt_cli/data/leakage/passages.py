"""Passages of evaluation texts met in training texts: 13-grams, and 8-grams for texts too short for them.

As for GPT-3 (Brown et al. 2020, appendix C), with two rules more, since most such findings are boilerplate: a text
counts as met when at least half of its n-grams are, or two 13-grams that do not overlap; and an n-gram that stands in
more than ten different training texts says nothing.  A text of 39 words and more, three times 13, is told by
13-grams: one word changed still leaves half of them.  A text of fewer than eight words has no passage.  This module
knows nothing of records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import xxhash
from numpy.typing import NDArray

from medgpt_cli.data.duplicates.words import Hashes, ngrams

LONG, SHORT = 13, 8
FEWEST = 3 * LONG
"""Words from which a text is told by 13-grams even where 8-grams may be used."""
COVERED = 0.5
"""Share of a text's n-grams from which it counts as met."""
APART = 2
"""13-grams that do not overlap from which it counts as met."""
COMMON = 10
"""Different training texts in which an n-gram may stand before it is held to be boilerplate."""


class Passages:
    """The n-grams of the evaluation texts; some 24 bytes a word.

    Args:
        texts: Word hashes of each text, empty for one that is not to be looked for.
        short: For each text, whether 8-grams may be used where it has few words.
    """

    def __init__(self, texts: Sequence[Hashes], short: Sequence[bool]) -> None:
        sizes = [_size(len(text), brief) for text, brief in zip(texts, short, strict=True)]
        self._sizes = np.array(sizes, dtype=np.int8)
        self._tables = {
            size: _Table(texts, np.flatnonzero(self._sizes == size), size) for size in (LONG, SHORT)
        }

    def learn(self, text: Hashes) -> None:
        """Counts a training text, so that n-grams of many texts can be passed over; the same text counts once."""
        for table in self._tables.values():
            table.learn(text)

    def met(self, text: Hashes) -> Iterator[tuple[int, float]]:
        """The evaluation texts met in a training text, as (number, share of their n-grams)."""
        for table in self._tables.values():
            yield from table.met(text)


def _size(count: int, brief: bool) -> int:
    """The n-grams by which a text of so many words is told; 0 for none."""
    if brief and count < FEWEST:
        return SHORT if count >= SHORT else 0
    return LONG if count >= LONG else 0


class _Table:
    def __init__(self, texts: Sequence[Hashes], numbers: NDArray[np.intp], size: int) -> None:
        self._size = size
        grams = [ngrams(texts[number], size) for number in numbers]
        lengths = np.array([len(each) for each in grams], dtype=np.int64)
        flat = np.concatenate(grams) if grams else np.empty(0, dtype=np.uint64)
        starts = np.cumsum(lengths) - lengths
        self._texts = np.repeat(numbers.astype(np.int32), lengths)
        self._positions = (np.arange(len(flat)) - np.repeat(starts, lengths)).astype(np.int32)
        self._lengths = dict(zip(numbers.tolist(), lengths.tolist(), strict=True))
        self._order = np.argsort(flat, kind="stable").astype(np.int32)
        self._known, self._starts = np.unique(flat[self._order], return_index=True)
        self._ends = np.append(self._starts[1:], len(flat)).astype(np.int64)
        self._seen = np.zeros(len(self._known), dtype=np.uint8)
        self._counted: set[int] = set()

    def _find(self, text: Hashes) -> NDArray[np.intp]:
        if not len(self._known):
            return np.empty(0, np.intp)
        grams = ngrams(text, self._size)
        places = np.searchsorted(self._known, grams)
        places[places == len(self._known)] = 0
        return np.unique(places[self._known[places] == grams])

    def learn(self, text: Hashes) -> None:
        found = self._find(text)
        if not len(found):
            return
        name = xxhash.xxh3_64_intdigest(text.tobytes())
        if name not in self._counted:
            self._counted.add(name)
            self._seen[found] += self._seen[found] <= COMMON

    def met(self, text: Hashes) -> Iterator[tuple[int, float]]:
        found = self._find(text)
        found = found[self._seen[found] <= COMMON]
        entries = np.concatenate(
            [self._order[self._starts[gram] : self._ends[gram]] for gram in found]
            or [np.empty(0, np.int32)]
        )
        for number in np.unique(self._texts[entries]).tolist():
            positions = np.unique(self._positions[entries[self._texts[entries] == number]])
            share = len(positions) / self._lengths[number]
            if share >= COVERED or (self._size == LONG and self._apart(positions) >= APART):
                yield number, share

    def _apart(self, positions: NDArray[np.int32]) -> int:
        count, free = 0, 0
        for position in positions.tolist():
            if position >= free:
                count, free = count + 1, position + self._size
        return count
