"""A text as hashes of its words, told without case, punctuation and width of letters, and the hashes of its n-grams.

Chinese, Japanese and Korean are not written with spaces, so each of their characters is a word.  The hashes are the
same on every machine and in every run.  This module knows nothing of records.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import xxhash
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(f"[{_IDEOGRAPHS}]|[^\\W_{_IDEOGRAPHS}]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


class _Remembered(dict[str, int]):
    """The hash of each word met so far; emptied when it has grown to `CAP` words, some 20 MB."""

    CAP = 200_000

    def __missing__(self, word: str) -> int:
        if len(self) >= self.CAP:
            self.clear()
        number = self[word] = xxhash.xxh3_64_intdigest(word.encode("utf-8", "surrogatepass"))
        return number


_hash_of = _Remembered()


def words(text: str) -> list[str]:
    """The words of a text: NFKC, case folded, letters and digits alone."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def hashes(text_words: list[str]) -> Hashes:
    """One 64-bit hash a word."""
    return np.fromiter(map(_hash_of.__getitem__, text_words), dtype=np.uint64, count=len(text_words))


def ngrams(word_hashes: Hashes, size: int) -> Hashes:
    """One 64-bit hash for each run of `size` words; none where there are fewer words."""
    count = len(word_hashes) - size + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    rolled = word_hashes[:count].copy()
    for step in range(1, size):
        rolled *= _FACTOR
        rolled += word_hashes[step : step + count]
    return mixed(rolled)


def mixed(numbers: Hashes) -> Hashes:
    """Spreads sums over all 64 bits, so that any part of a hash is as good as another."""
    numbers = (numbers ^ (numbers >> _HALF)) * _MIX
    return (numbers ^ (numbers >> _HALF)) * _MIX


def digest(word_hashes: Hashes) -> bytes:
    """16 bytes for the text as a whole: equal for texts whose words are equal."""
    return xxhash.xxh3_128_digest(word_hashes.tobytes())
