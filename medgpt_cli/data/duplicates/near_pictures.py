"""Pictures whose prints are close, found without comparing all with all.

`PictureIndex` answers which stored prints lie within a distance of a few: prints are cut into 16 pieces of 16 signs,
and a print that is near agrees with its copy in at least one piece up to one sign (multi-index hashing, Norouzi et
al. 2012).  That is certain up to distance 31 and was found for over 99 % at `NEAR`.  `cluster_pictures` finds
re-encoded copies within one large set by sorting samples of signs.  This module knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.data.duplicates.pictures import (
    BYTES,
    EVEN,
    FREQUENCIES,
    MIRROR_LIKE,
    NEARLY_MIRROR_LIKE,
    Prints,
    even_alone,
)
from medgpt_cli.data.duplicates.unions import Ints, Unions

NEAR = 45
"""Signs that may differ between a picture and a print of its copy, to be looked at a second time."""
RE_ENCODED = 16
"""Signs that may differ between re-encoded copies; different chest films differ in 60 and more."""
PIECES = 16
TABLES, SAMPLED = 24, 24
"""Tables of `cluster_pictures`, signs sampled for each: a pair at distance 16 meets 996 times in 1,000."""
NEIGHBOURS = 8

Found = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]


class PictureIndex:
    """Stored prints, to be asked for those near another.

    Memory: 32 bytes a print, 64 for its places in the tables, and 4 MB.

    Args:
        prints: (stored, 32).
    """

    def __init__(self, prints: Prints) -> None:
        self._prints = np.ascontiguousarray(prints, dtype=np.uint8).view("<u8").reshape(-1, BYTES // 8)
        pieces = _pieces(prints)
        self._order = np.argsort(pieces, axis=0, kind="stable").T.astype(np.int32)
        counted = [np.bincount(pieces[:, piece], minlength=1 << 16) for piece in range(PIECES)]
        self._starts = np.stack([np.concatenate([[0], np.cumsum(each)]) for each in counted])

    def near(self, prints: Prints, radius: int = NEAR) -> Found:
        """The stored prints near any of `prints`.

        Args:
            prints: (asked, 32).
            radius: Largest number of signs that may differ.

        Returns:
            (which was asked, which is stored, distance), one of each a pair.
        """
        stored = len(self._prints)
        if not stored or not len(prints):
            return (np.empty(0, np.intp),) * 3
        probes = _pieces(prints).astype(np.int64)[:, :, None] ^ _flipped()
        piece = np.arange(PIECES)[None, :, None]
        begin, end = self._starts[piece, probes].ravel(), self._starts[piece, probes + 1].ravel()
        hit = np.flatnonzero(end > begin)
        lengths = end[hit] - begin[hit]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        asked_piece, asked = (hit // len(_flipped())) % PIECES, hit // (len(_flipped()) * PIECES)
        candidates = self._order[
            np.repeat(asked_piece, lengths), np.repeat(begin[hit], lengths) + within
        ]
        pairs = np.unique(np.repeat(asked, lengths) * stored + candidates)
        one, other = pairs // stored, pairs % stored
        wide = np.ascontiguousarray(prints).view("<u8").reshape(-1, BYTES // 8)
        apart = np.bitwise_count(wide[one] ^ self._prints[other]).sum(axis=1, dtype=np.intp)
        close = apart <= radius
        return one[close], other[close], apart[close]


def cluster_pictures(
    phashes: Prints,
    flat: NDArray[np.bool_],
    lopsided: NDArray[np.float32],
    radius: int = RE_ENCODED,
) -> Ints:
    """The cluster of each picture of a set, as the number of the first picture in it.

    Args:
        phashes: (pictures, 32).
        flat: Pictures that show nothing; they stay alone.
        lopsided: How far each is from its own mirror image; one that equals it is compared by the signs that
            mirroring does not change, half as many of which may differ.
        radius: Largest number of signs that may differ.

    Returns:
        Labels; copies that were only re-encoded, resized or re-windowed share one.
    """
    unions = Unions(len(phashes))
    draw = np.random.default_rng(0)
    shown = np.flatnonzero(~flat).astype(np.int32)
    for one, other in _meeting(phashes, shown, np.arange(1, FREQUENCIES**2), unions, draw):
        near = _differing(phashes, one, other) <= radius
        unions.join(one[near], other[near])
    alike = shown[lopsided[shown] < NEARLY_MIRROR_LIKE]
    for one, other in _meeting(phashes, alike, np.flatnonzero(EVEN)[1:], unions, draw):
        near = _differing(phashes, one, other, even=True) <= radius // 2
        near &= np.minimum(lopsided[one], lopsided[other]) < MIRROR_LIKE
        unions.join(one[near], other[near])
    return unions.labels


def _meeting(
    phashes: Prints, items: Ints, signs: NDArray[np.int64], unions: Unions, draw: np.random.Generator
) -> Iterator[tuple[Ints, Ints]]:
    """Pairs of `items` that agree in one of the samples of `signs` and are not joined yet, table by table."""
    for _ in range(TABLES):
        keys = np.zeros(len(items), dtype=np.uint32)
        for sign in draw.choice(signs, SAMPLED, replace=False):
            keys = keys << np.uint32(1) | (phashes[items, sign >> 3] >> (7 - (sign & 7)) & 1)
        order = np.argsort(keys, kind="stable")
        keys, sorted_items = keys[order], items[order]
        for step in range(1, NEIGHBOURS + 1):
            same = np.flatnonzero(keys[step:] == keys[:-step])
            one, other = sorted_items[same], sorted_items[same + step]
            apart = ~unions.together(one, other)
            yield one[apart], other[apart]


def _differing(phashes: Prints, one: Ints, other: Ints, *, even: bool = False) -> NDArray[np.int64]:
    """Signs that differ in each pair, of all or of those that mirroring does not change."""
    apart = phashes[one] ^ phashes[other]
    apart = even_alone(apart) if even else apart
    found: NDArray[np.int64] = np.bitwise_count(apart).sum(axis=1, dtype=np.int64)
    return found


@cache
def _places() -> NDArray[np.intp]:
    """Which signs stand in which piece: each piece takes low and high frequencies of both axes, (16, 16)."""
    row = np.arange(FREQUENCIES)
    return np.stack([row * FREQUENCIES + (piece - row) % FREQUENCIES for piece in range(PIECES)])


@cache
def _flipped() -> NDArray[np.int64]:
    """A piece as it is and with any one of its signs changed, as what to exclusive-or with."""
    return np.array([0, *(1 << sign for sign in range(16))], dtype=np.int64)


def _pieces(prints: Prints) -> NDArray[np.uint16]:
    """Each print as 16 numbers of 16 signs, (prints, 16)."""
    bits = np.unpackbits(np.ascontiguousarray(prints, dtype=np.uint8), axis=1)[:, _places()]
    pieces: NDArray[np.uint16] = np.packbits(bits, axis=2).view(">u2")[..., 0].astype(np.uint16)
    return pieces
