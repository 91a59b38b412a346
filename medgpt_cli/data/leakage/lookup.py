"""A table from 64-bit numbers to the items that have them, 12 bytes an entry, asked for many numbers at once.

This module knows nothing of what is hashed.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]
Pairs = tuple[NDArray[np.intp], NDArray[np.int32]]


class Lookup:
    """Numbers and their owners; a number may have several, an owner many."""

    def __init__(self, numbers: Numbers, owners: NDArray[np.int32]) -> None:
        order = np.argsort(numbers, kind="stable")
        self._numbers, self._owners = numbers[order], owners[order]

    def find(self, numbers: Numbers) -> Pairs:
        """Which of `numbers` are known, as (index into `numbers`, owner), one of each a pair."""
        begin = np.searchsorted(self._numbers, numbers, side="left")
        known = np.flatnonzero(begin < len(self._numbers))
        known = known[self._numbers[begin[known]] == numbers[known]]
        if not len(known):
            return np.empty(0, np.intp), np.empty(0, np.int32)
        end = np.searchsorted(self._numbers, numbers[known], side="right")
        lengths = end - begin[known]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return np.repeat(known, lengths), self._owners[np.repeat(begin[known], lengths) + within]


class LookupBuilder:
    """Gathers the entries of a `Lookup`."""

    def __init__(self) -> None:
        self._numbers = array("Q")
        self._owners = array("i")

    def add(self, numbers: Iterable[int], owner: int) -> None:
        """Says that `owner` has each of `numbers`."""
        for number in numbers:
            self._numbers.append(number)
            self._owners.append(owner)

    def close(self) -> Lookup:
        """The table of all that was added."""
        if not self._numbers:
            return Lookup(np.empty(0, np.uint64), np.empty(0, np.int32))
        return Lookup(np.frombuffer(self._numbers, np.uint64), np.frombuffer(self._owners, np.int32))
