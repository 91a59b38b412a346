"""Which records belong together and may not be parted: those that share a patient, a study, a figure, an image.

Groups are told by keys (`kind:value`), gathered as 64-bit numbers in flat arrays and joined by sorting, so that a
million records cost tens of megabytes.  Each group has an identifier that does not depend on the order of records:
the least key of the strongest kind that any of its records has.  This module knows nothing of splits.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xxhash
from numpy.typing import NDArray

from medgpt_cli.core.types import Sample
from medgpt_cli.data.duplicates.unions import Ints, Unions, runs_joined

KINDS = ("patient", "study", "pmcid", "article", "figure", "image", "pixels", "cluster", "question")
"""Kinds of key, the strongest first; others come after these, and a record's own identifier last."""
OWN = "record"


def keys_of(sample: Sample) -> tuple[str, ...]:
    """What ties a sample to others: its keys, and its patient and study within its source."""
    keys = list(sample.keys)
    if sample.patient_id:
        keys.append(f"patient:{sample.source}/{sample.patient_id}")
    if sample.study_id:
        keys.append(f"study:{sample.source}/{sample.study_id}")
    return tuple(dict.fromkeys(keys))


def own_key(sample: Sample) -> str:
    """The key of a record that nothing ties to another: its id within its source, else what it says and shows.

    Where no source is stated the file's name stands for it: two files may both count their records from 1.  A text
    without pictures is named by what it says whatever its id: a question that two sources print, or one prints twice,
    must not stand in two splits.
    """
    if sample.id and sample.images:
        return f"{OWN}:{sample.source or sample.place.file.rpartition('/')[2]}/{sample.id}"
    said = [part for turn in sample.turns for part in turn.parts] or list(sample.document)
    told = "\0".join(
        " ".join(part.casefold().split()) if isinstance(part, str) else "\1" for part in said
    )
    names = "\0".join(path.rpartition("/")[2] for path in sample.images)
    return (
        f"{OWN}:{xxhash.xxh3_128_hexdigest(f'{told}{chr(2)}{names}'.encode('utf-8', 'surrogatepass'))}"
    )


def tying(keys: Sequence[str], own: str) -> Sequence[str]:
    """The keys by which a record is joined to others: its own counts only where it has no other.

    Equal texts of two patients have one own key, and must not make the two one group.
    """
    return keys or (own,)


@dataclass(frozen=True, slots=True)
class Grouped:
    """The groups of a set.

    Attributes:
        labels: For each record the number of the first record in its group.
        identifiers: For each record 8 bytes that name its group, equal within it; for `assign_split`.
    """

    labels: Ints
    identifiers: NDArray[np.uint64]

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(np.unique(self.labels))


class Groups:
    """Gathers the keys of records, one after the other, and joins them at the end."""

    def __init__(self) -> None:
        self._size = 0
        self._keys = array("Q")
        self._ranks = array("B")
        self._owners = array("i")
        self._pairs: list[tuple[NDArray[np.integer], NDArray[np.integer]]] = []

    def add(self, keys: Sequence[str], own: str) -> int:
        """Takes in the next record.

        Args:
            keys: What ties it to others; perhaps nothing.
            own: Its own key, which counts if nothing ties it to another.

        Returns:
            Its number, from 0.
        """
        for key in tying(keys, own):
            self._keys.append(xxhash.xxh3_64_intdigest(key.encode("utf-8", "surrogatepass")))
            self._ranks.append(_rank(key))
            self._owners.append(self._size)
        self._size += 1
        return self._size - 1

    def tie(self, labels: Ints) -> None:
        """Takes in clusters found otherwise, such as those of near pictures or texts.

        Args:
            labels: For each record the number of a record it belongs with.
        """
        self._pairs.append((np.arange(len(labels), dtype=np.int32), labels))

    def close(self) -> Grouped:
        """Joins what belongs together."""
        unions = Unions(self._size)
        keys = np.frombuffer(self._keys, dtype=np.uint64) if self._keys else np.empty(0, np.uint64)
        owners = np.frombuffer(self._owners, dtype=np.int32) if self._keys else np.empty(0, np.int32)
        runs_joined(keys, owners, unions)
        for one, other in self._pairs:
            unions.join(one, other)
        labels = unions.labels
        ranks = np.frombuffer(self._ranks, dtype=np.uint8) if self._keys else np.empty(0, np.uint8)
        group = labels[owners]
        order = np.lexsort((keys, ranks, group))
        first = np.ones(len(order), dtype=bool)
        first[1:] = group[order][1:] != group[order][:-1]
        named = np.zeros(self._size, dtype=np.uint64)
        named[group[order][first]] = keys[order][first]
        return Grouped(labels, named[labels])


def _rank(key: str) -> int:
    kind = key.partition(":")[0]
    if kind == OWN:
        return len(KINDS) + 1
    return KINDS.index(kind) if kind in KINDS else len(KINDS)
