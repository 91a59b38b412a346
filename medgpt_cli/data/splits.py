"""Which split a group of records falls into, and the proof that no group fell into two.

The split is a keyed hash of the group's identifier, read as a share of 1: it depends on nothing else, so a set that
grows keeps every group where it was.  One rule more is needed when a new record ties two groups together: the union
has the identifier of one of them and takes its split.  Published splits stand above the hash; a group that
spans several of them stays in the one that is held out most, and its other records are dropped and named.  This
module knows nothing of how groups are found.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xxhash

from medgpt_cli.core.errors import Complaint, GateRefusal, InputError
from medgpt_cli.core.types import Place
from medgpt_cli.core.wording import counted
from medgpt_cli.data.duplicates.unions import Ints

SHARES: Mapping[str, float] = {"train": 0.9, "validation": 0.05, "test": 0.05}
HELD_OUT = {"test": 0, "validation": 1, "": 2, "train": 3}
"""From most to least held out; a split of another name stands where the empty one does."""
SYNONYMS = {
    "valid": "validation",
    "val": "validation",
    "validate": "validation",
    "dev": "validation",
    "training": "train",
    "testing": "test",
}
DROPPED = ""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


def published_split(name: str) -> str:
    """A published split as the name of one of ours, or empty where it cannot be a file's name."""
    word = name.strip().lower()
    word = SYNONYMS.get(word, word)
    return word if _NAME.fullmatch(word) else ""


def assign_split(group: str | bytes, shares: Mapping[str, float] = SHARES, seed: int = 0) -> str:
    """The split of a group, from its identifier alone.

    Args:
        group: What names the group.
        shares: Split and its share, in a fixed order; they add up to 1.
        seed: Another seed is another division.

    Raises:
        InputError: The shares do not add up to 1, or one is negative.
    """
    total = sum(shares.values())
    if abs(total - 1) > 1e-6 or min(shares.values(), default=0) < 0:
        raise InputError(f"the shares of the splits add up to {total:g}", repair="make them add up to 1")
    name = group.encode("utf-8", "surrogatepass") if isinstance(group, str) else group
    digest = hashlib.blake2b(name, digest_size=8, key=seed.to_bytes(8, "big")).digest()
    place = int.from_bytes(digest, "big") / 2**64
    reached = 0.0
    for split, share in shares.items():
        reached += share
        if place < reached:
            return split
    return [split for split, share in shares.items() if share][-1]


@dataclass(frozen=True, slots=True)
class Divided:
    """Where the records go.

    Attributes:
        splits: One for each record; empty for one that is dropped.
        spanning: A complaint for each record dropped because its group is published in a split held out more.
    """

    splits: list[str]
    spanning: tuple[Complaint, ...]


def divide(
    labels: Ints,
    identifiers: Sequence[int] | np.ndarray,
    published: Sequence[str],
    places: Sequence[Place],
    *,
    shares: Mapping[str, float] = SHARES,
    seed: int = 0,
) -> Divided:
    """Splits the records of a set by group.

    Args:
        labels: The group of each record.
        identifiers: The identifier of each record's group.
        published: The split each record was published in, or an empty string; `val` and its like are understood.
        places: Where each record stands.
        shares: Of the groups that were published in no split.
        seed: Of the division.
    """
    stated = [SYNONYMS.get(split.strip().lower(), split.strip().lower()) for split in published]
    held: dict[int, str] = {}
    for label, split in zip(labels.tolist(), stated, strict=True):
        if split and (label not in held or _rank(split) < _rank(held[label])):
            held[label] = split
    splits: list[str] = []
    spanning: list[Complaint] = []
    for label, group, split, place in zip(labels.tolist(), identifiers, stated, places, strict=True):
        target = held.get(label) or assign_split(int(group).to_bytes(8, "big"), shares, seed)
        if split and split != target:
            spanning.append(
                Complaint(
                    f"is published in {_shown(split)}, and its group is held out in {_shown(target)} too",
                    str(place),
                    "it was left out",
                )
            )
            target = DROPPED
        splits.append(target)
    return Divided(splits, tuple(spanning))


def prove_apart(rows: Iterable[tuple[str, Iterable[str], Place]]) -> int:
    """Proves that no key stands in two splits.

    Args:
        rows: (split, keys, place) of every record that was written; records without a split are passed over.

    Returns:
        How many different keys were compared.

    Raises:
        GateRefusal: Some keys stand in two splits; names one record of each, never the key.
    """
    names: dict[str, int] = {}
    files: dict[str, int] = {}
    keys, splits, where, lines = array("Q"), array("i"), array("i"), array("q")
    for split, told, place in rows:
        if not split:
            continue
        for key in told:
            keys.append(xxhash.xxh3_64_intdigest(key.encode("utf-8", "surrogatepass")))
            splits.append(names.setdefault(split, len(names)))
            where.append(files.setdefault(place.file, len(files)))
            lines.append(place.line)
    if not keys:
        return 0
    numbers, parts = np.frombuffer(keys, np.uint64), np.frombuffer(splits, np.int32)
    order = np.lexsort((parts, numbers))
    ordered, named = numbers[order], parts[order]
    crossing = np.flatnonzero((ordered[1:] == ordered[:-1]) & (named[1:] != named[:-1]))
    if len(crossing):
        split_names, file_names = list(names), list(files)

        def shown(row: int) -> str:
            return f"{file_names[where[row]]}:{lines[row]}"

        complaints = [
            Complaint(
                f"is in {_shown(split_names[named[at]])} and shares a key with "
                f"{shown(order[at + 1])} in {_shown(split_names[named[at + 1]])}",
                shown(order[at]),
            )
            for at in crossing
        ]
        raise GateRefusal(
            f"{counted(len(crossing), 'key')} in two splits",
            repair="this set must not be used: prepare it again",
            complaints=complaints,
        )
    return int((ordered[1:] != ordered[:-1]).sum()) + 1


def _rank(split: str) -> int:
    return HELD_OUT.get(split, HELD_OUT[""])


def _shown(split: str) -> str:
    return split if split in HELD_OUT else "another split"
