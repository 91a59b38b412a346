"""The print of a text: a hash of its words, and a MinHash signature by which nearly equal texts are found.

128 bytes a text are kept: one byte of each of 128 minima over its runs of five words (b-bit MinHash, Li and König
2010).  The share of equal bytes estimates the Jaccard index of the two sets of runs.  This module knows nothing of
records or of searching.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from medgpt_cli.data.duplicates.words import Hashes, digest, hashes, ngrams, words

SHINGLE = 5
"""Words in a run."""
MINIMA = 128
SEED = 42
BATCH = 512
"""Texts handed to rensa at a time."""
CHANCE = 1 / 256
"""How often two bytes are equal by accident."""

Signatures = NDArray[np.uint8]
"""(texts, 128)."""


@dataclass(frozen=True, slots=True)
class TextPrint:
    """By what a text is known again.

    Attributes:
        exact: 16 bytes, equal for texts that differ at most in case, spacing and punctuation.
        signature: 128 bytes, alike for texts that are alike.
        words: How many words it has; with none, prints mean nothing.
    """

    exact: bytes
    signature: bytes
    words: int


def text_print(text: str) -> TextPrint:
    """The print of one text; many at once are quicker with `text_prints`."""
    return text_prints([text])[0]


def text_prints(texts: Sequence[str]) -> list[TextPrint]:
    """The prints of several texts, in order."""
    prints: list[TextPrint] = []
    for start in range(0, len(texts), BATCH):
        told = [hashes(words(text)) for text in texts[start : start + BATCH]]
        signed = signatures(told)
        prints += [
            TextPrint(digest(each), row.tobytes(), len(each))
            for each, row in zip(told, signed, strict=True)
        ]
    return prints


def signatures(texts: Sequence[Hashes]) -> Signatures:
    """The signatures of texts given as hashes of their words."""
    shingles = [ngrams(each, min(SHINGLE, max(1, len(each)))) for each in texts]
    ends = np.cumsum([0, *map(len, shingles)]).astype(np.uint64)
    flat = np.concatenate(shingles) if shingles else np.empty(0, dtype=np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(flat, ends, MINIMA, SEED)
    rows = np.array(matrix.to_rows(), dtype=np.uint32).reshape(len(texts), MINIMA)
    signed: Signatures = rows.astype(np.uint8)  # the lowest byte of each minimum
    return signed


def likeness(one: Signatures, other: Signatures) -> NDArray[np.float64]:
    """The estimated Jaccard index of texts, row by row, from 0 to 1 (standard error at most 0.045)."""
    equal = (one == other).mean(axis=-1)
    estimated: NDArray[np.float64] = np.maximum(0.0, (equal - CHANCE) / (1 - CHANCE))
    return estimated
