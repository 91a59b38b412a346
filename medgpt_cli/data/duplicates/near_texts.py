"""Texts that are equal or nearly so, found by sorting: bands of their signatures that are equal byte for byte.

25 bands of 5 bytes bring together all but 1 in 1,000 of the pairs with a Jaccard index of 0.75 (and all but a
millionth of those with 0.9); what a band brings together is then measured on the whole signature.  Memory is that of
one band, some 30 bytes a text beside the signatures themselves, which may lie in a memory-mapped file; time grows as
sorting does.  This module knows nothing of records; equal reports of different patients are its finding, not its
verdict.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.data.duplicates.texts import Signatures, likeness
from medgpt_cli.data.duplicates.unions import Ints, Unions, runs_joined

BANDS, ROWS = 25, 5
ALIKE = 0.8
"""Estimated Jaccard index from which two texts count as nearly equal."""
NEIGHBOURS = 4
"""How many texts further on in a sorted band each is compared with; chains of pairs do the rest."""
COMPARED = 1 << 15
"""Pairs measured at a time."""

Keys = NDArray[np.uint64]


def band_keys(signatures: Signatures, band: int) -> Keys:
    """One band of each signature as a number, (texts,)."""
    wide = np.zeros((len(signatures), 8), dtype=np.uint8)
    wide[:, :ROWS] = signatures[:, band * ROWS : (band + 1) * ROWS]
    keys: Keys = wide.view("<u8")[:, 0]
    return keys


def cluster_texts(
    exact: NDArray[np.void],
    signatures: Signatures,
    *,
    alike: float = ALIKE,
    empty: NDArray[np.bool_] | None = None,
) -> Ints:
    """The cluster of each text, as the number of the first text in it.

    Args:
        exact: The `exact` of each print, as an array of 16-byte items (`V16`).
        signatures: Their signatures, (texts, 128); may be memory-mapped.
        alike: Estimated Jaccard index from which two texts are joined.
        empty: Texts without a word, which stay alone.
    """
    unions = Unions(len(exact))
    wordless = np.zeros(len(exact), dtype=bool) if empty is None else empty
    said = np.flatnonzero(~wordless).astype(np.int32)
    halves = np.ascontiguousarray(exact[said]).view("<u8").reshape(-1, 2)
    runs_joined(halves[:, 0] ^ (halves[:, 1] * np.uint64(0x9E3779B97F4A7C15)), said, unions)
    first = np.flatnonzero((unions.labels == np.arange(len(exact))) & ~wordless).astype(np.int32)
    for band in range(BANDS):
        for one, other in _met(_keys_of(signatures, first, band), first):
            apart = ~unions.together(one, other)
            one, other = one[apart], other[apart]
            near = likeness(signatures[one], signatures[other]) >= alike
            unions.join(one[near], other[near])
    return unions.labels


def _keys_of(signatures: Signatures, items: Ints, band: int) -> Keys:
    """The band of the texts named, read piece by piece so that a mapped file is never held as a whole."""
    keys = np.empty(len(items), dtype=np.uint64)
    for start in range(0, len(items), COMPARED):
        piece = items[start : start + COMPARED]
        keys[start : start + COMPARED] = band_keys(signatures[piece], band)
    return keys


def _met(keys: Keys, items: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Pairs of items with the same key, near each other in sorted order, some at a time."""
    order = np.argsort(keys, kind="stable")
    keys, items = keys[order], items[order]
    for step in range(1, NEIGHBOURS + 1):
        places = np.flatnonzero(keys[step:] == keys[:-step])
        for start in range(0, len(places), COMPARED):
            some = places[start : start + COMPARED]
            yield items[some], items[some + step]
