"""Three splits where a set has not all of them, by patient where patients are told, else by picture.

A case goes where the hash of its name puts it among the cases of its class, so the same set is always parted in the
same way, every class that has three cases is in all three splits, and equal pictures stay together.  What a set parts
itself stays as it is; a patient on two sides of it is refused.  This module knows nothing of files.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.classification.sets import SPLITS, Example

SHARES = {"test": 0.2, "val": 0.1}
"""Part of the cases of each class that go into a split that is made here."""


def part(examples: Sequence[Example], name: str) -> tuple[tuple[Example, ...], str, tuple[str, ...]]:
    """Gives every example its split.

    Args:
        examples: With the splits that the set itself has; validation may be missing, or all of them.
        name: What a complaint calls the set.

    Returns:
        The examples in the same order, how they were parted, and what must be known of it.

    Raises:
        BadRecord: Some examples have a split and others none, there is no test split, or a patient is in two.
    """
    given = {example.split for example in examples}
    cases = "patient" if any(example.patient for example in examples) else "picture"
    if given == {""}:
        placed = _draw(examples, ("test", "val"))
        told = f"by {cases} here: a fifth of the cases of each class for testing, a tenth for validation"
    elif "" in given:
        raise BadRecord(
            "some pictures have a split and others have none", where=name, repair="fill in all"
        )
    elif not {"train", "test"} <= given:
        lacking = " and ".join(sorted({"train", "test"} - given))
        raise BadRecord(
            f"there is no {lacking} split", where=name, repair="name both, or leave the splits out"
        )
    elif "val" not in given:
        placed, told = (
            _draw(examples, ("val",)),
            f"by the set; validation by {cases} from its training split",
        )
    else:
        placed, told = tuple(examples), "by the set"
    _refuse_parted(placed, name)
    return placed, told, tuple(_shared_pictures(placed))


def _draw(examples: Sequence[Example], wanted: Sequence[str]) -> tuple[Example, ...]:
    labels: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for example in examples:
        if example.split in ("", "train"):
            labels[example.case][example.label] += 1
    by_class: defaultdict[int, list[str]] = defaultdict(list)
    for case, found in labels.items():
        by_class[min(found, key=lambda label: (-found[label], label))].append(case)
    place: dict[str, str] = {}
    for cases in by_class.values():
        cases.sort(key=_hash)
        at = 0
        for split in wanted:
            count = max(1, round(SHARES[split] * len(cases))) if len(cases) > len(wanted) else 0
            place |= dict.fromkeys(cases[at : at + count], split)
            at += count
    return tuple(
        replace(each, split=place.get(each.case, "train")) if each.split in ("", "train") else each
        for each in examples
    )


def _hash(case: str) -> bytes:
    return hashlib.sha256(case.encode("utf-8", "surrogatepass")).digest()


def _refuse_parted(examples: Iterable[Example], name: str) -> None:
    splits: defaultdict[str, set[str]] = defaultdict(set)
    for example in examples:
        if example.patient:
            splits[example.patient].add(example.split)
    if torn := sum(len(found) > 1 for found in splits.values()):
        raise BadRecord(
            f"{torn} of {len(splits)} patients stand in more than one split",
            where=name,
            repair="put all pictures of a patient into one split, or leave the splits out",
        )


def _shared_pictures(examples: Sequence[Example]) -> Iterable[str]:
    held = {split: Counter(each.digest for each in examples if each.split == split) for split in SPLITS}
    if shared := sum(count for digest, count in held["test"].items() if digest in held["train"]):
        yield f"{shared} of {held['test'].total()} test pictures stand in the training split too, byte for byte"
