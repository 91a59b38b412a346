"""What a classification set is once it is read: pictures, each with one label, one case and one split.

This module knows nothing of files.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Example:
    """One picture.

    Attributes:
        place: What a complaint calls it, such as `cxr.csv:17 image`; never the name of its file.
        source: Its path, or its number in an archive.
        label: Number of its class in the set's `labels`.
        digest: SHA-256 of its bytes.
        patient: Who it shows, where the set tells; else empty.
        split: `train`, `val` or `test`; empty where the set does not part itself.
    """

    place: str
    source: str | int
    label: int
    digest: str
    patient: str = ""
    split: str = ""

    @property
    def case(self) -> str:
        """What must not be parted and counts as one independent observation: the patient, else the picture."""
        return f"patient {self.patient}" if self.patient else f"picture {self.digest}"


@dataclass(frozen=True)
class ClassificationSet:
    """Pictures of known classes in three splits.

    Attributes:
        name: From the file or folder, for tables.
        form: `npz`, `folder` or `table`.
        labels: The classes, sorted; the fixed list over which macro-F1 is taken.
        examples: Every picture, in the set's own order.
        open: From an example to its RGB picture.
        parted: How the splits came about, in words.
        notes: What a reader of the scores must know.
    """

    name: str
    form: str
    labels: tuple[str, ...]
    examples: tuple[Example, ...]
    open: Callable[[Example], Image.Image]
    parted: str = ""
    notes: tuple[str, ...] = ()

    def of(self, split: str) -> list[int]:
        """The numbers of a split's examples."""
        return [number for number, example in enumerate(self.examples) if example.split == split]

    def counts(self) -> dict[str, int]:
        """How many pictures each split has."""
        found = Counter(example.split for example in self.examples)
        return {split: found[split] for split in SPLITS}

    def support(self) -> dict[str, list[int]]:
        """How many pictures of each class each split has."""
        found = Counter((example.split, example.label) for example in self.examples)
        return {split: [found[split, label] for label in range(len(self.labels))] for split in SPLITS}

    def fingerprint(self) -> str:
        """SHA-256 over the labels and every picture with its class, its case's place and its split."""
        digest = hashlib.sha256("\0".join((self.name, *self.labels)).encode())
        for example in self.examples:
            digest.update(f"\n{example.digest} {example.label} {example.split} {example.case}".encode())
        return digest.hexdigest()
