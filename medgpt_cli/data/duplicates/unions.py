"""Which of many things belong together, told by pairs: a union-find over arrays of integers.

Ten million things cost 40 MB and pairs may come in any number of batches.  This module knows nothing of what the
things are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int32]


class Unions:
    """Disjoint sets over 0 … size - 1.

    Args:
        size: How many things there are; each begins alone.
    """

    def __init__(self, size: int) -> None:
        self._labels: Ints = np.arange(size, dtype=np.int32)

    def join(self, one: NDArray[np.integer], other: NDArray[np.integer]) -> None:
        """Says that each of `one` belongs with the thing at the same place in `other`."""
        first, second = self._labels[one], self._labels[other]
        apart = first != second
        if not apart.any():
            return
        first, second = first[apart], second[apart]
        names, numbers = np.unique(np.concatenate([first, second]), return_inverse=True)
        edges = coo_array(
            (np.ones(len(first), dtype=np.int8), (numbers[: len(first)], numbers[len(first) :])),
            shape=(len(names), len(names)),
        )
        _, parts = connected_components(edges, directed=False)
        lowest = np.full(parts.max() + 1, np.iinfo(np.int32).max, dtype=np.int32)
        np.minimum.at(lowest, parts, names)
        renamed = np.arange(len(self._labels), dtype=np.int32)
        renamed[names] = lowest[parts]
        self._labels = renamed[self._labels]

    def together(self, one: NDArray[np.integer], other: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether each of `one` is already known to belong with its partner in `other`."""
        same: NDArray[np.bool_] = self._labels[one] == self._labels[other]
        return same

    @property
    def labels(self) -> Ints:
        """For each thing the lowest number in its set, so that labels do not depend on the order of the pairs."""
        return self._labels


def runs_joined(keys: NDArray[np.generic], items: NDArray[np.integer], unions: Unions) -> None:
    """Joins all items that have the same key.

    Args:
        keys: One for each item, in any order.
        items: Numbers of things.
        unions: What they are joined in.
    """
    order = np.argsort(keys, kind="stable")
    ordered, named = keys[order], items[order]
    same = ordered[1:] == ordered[:-1]
    unions.join(named[1:][same], named[:-1][same])
