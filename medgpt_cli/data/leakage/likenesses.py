"""Evaluation texts that a training text nearly equals, by their signatures; texts of twenty words and more.

As with passages, a text that more than ten different training texts are like is boilerplate and says nothing.  This
module knows nothing of records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from medgpt_cli.data.duplicates.near_texts import ALIKE, BANDS, band_keys
from medgpt_cli.data.duplicates.texts import Signatures, likeness, signatures
from medgpt_cli.data.duplicates.words import Hashes, digest, mixed
from medgpt_cli.data.leakage.lookup import Lookup
from medgpt_cli.data.leakage.passages import COMMON

FEWEST = 20
"""Words from which a signature means something."""
BATCH = 1024


class Likenesses:
    """The signatures of the evaluation texts; 128 bytes and 25 table entries of 12 each.

    Args:
        texts: Word hashes of each text; those too short are passed over.
    """

    def __init__(self, texts: Sequence[Hashes]) -> None:
        self._numbers = np.array(
            [number for number, text in enumerate(texts) if len(text) >= FEWEST], dtype=np.int32
        )
        parts = [
            signatures([texts[number] for number in self._numbers[start : start + BATCH]])
            for start in range(0, len(self._numbers), BATCH)
        ]
        self._signatures = np.concatenate(parts) if parts else np.empty((0, 128), dtype=np.uint8)
        owners = np.tile(np.arange(len(self._numbers), dtype=np.int32), BANDS)
        self._bands = Lookup(_banded(self._signatures).ravel(), owners)
        self._met = np.zeros(len(self._numbers), dtype=np.uint8)
        self._counted: set[tuple[int, bytes]] = set()

    def learn(self, text: Hashes) -> None:
        """Counts a training text, so that texts like many can be passed over; the same text counts once."""
        for number, _ in self._alike(text):
            name = (number, digest(text))
            if name not in self._counted and self._met[number] <= COMMON:
                self._counted.add(name)
                self._met[number] += 1

    def met(self, text: Hashes) -> Iterator[tuple[int, float]]:
        """The evaluation texts a training text is like, as (number, estimated Jaccard index)."""
        for number, share in self._alike(text):
            if self._met[number] <= COMMON:
                yield int(self._numbers[number]), share

    def _alike(self, text: Hashes) -> list[tuple[int, float]]:
        if len(text) < FEWEST or not len(self._numbers):
            return []
        signature = signatures([text])
        _, found = self._bands.find(_banded(signature).ravel())
        if not len(found):
            return []
        numbers = np.unique(found)
        shares = likeness(self._signatures[numbers], signature)
        near = shares >= ALIKE
        return list(zip(numbers[near].tolist(), shares[near].tolist(), strict=True))


def _banded(signed: Signatures) -> np.ndarray:
    """Every band of every signature as one number, the band's own number in it: (bands, texts)."""
    keys = np.stack([band_keys(signed, band) for band in range(BANDS)])
    return mixed(keys | (np.arange(BANDS, dtype=np.uint64) << np.uint64(40))[:, None])
