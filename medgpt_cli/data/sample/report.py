"""What a sample set holds: counts by kind and split, and what guessing the commonest answer would score.

Knows nothing of files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medgpt_cli.data.sample.material import Question


@dataclass(frozen=True, slots=True)
class Count:
    """One kind of question in one split.

    Attributes:
        questions: How many.
        majority: The commonest answer; empty where answers are not a closed set.
        share: The part of the questions it answers, which is what guessing scores.
    """

    questions: int
    majority: str = ""
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class SampleReport:
    """A finished sample set.

    Attributes:
        folder: Where it stands.
        seed: Seed it was made with.
        slices: Part of the slices that was taken.
        sources: What it was made from.
        records: Records by split, whatever their form.
        images: Pictures by split.
        slice_images: Pictures by split that show a slice of the MNI152 head.
        kinds: Questions by split and kind.
    """

    folder: Path
    seed: int
    slices: float
    sources: tuple[str, ...]
    records: dict[str, int]
    images: dict[str, int]
    slice_images: dict[str, int]
    kinds: dict[str, dict[str, Count]]

    def as_dict(self) -> dict[str, Any]:
        """The document printed by `--json`."""
        return {**asdict(self), "folder": str(self.folder), "sources": list(self.sources)}


def counted(questions: Iterable[Question], closed: frozenset[str]) -> dict[str, Count]:
    """Counts by kind, in alphabetical order.

    Args:
        questions: Those of one split.
        closed: Kinds whose answers are a closed set.
    """
    answers: dict[str, Counter[str]] = {}
    for question in questions:
        answers.setdefault(question.kind, Counter())[question.answer] += 1
    counts = {}
    for kind, counter in sorted(answers.items()):
        word, times = min(counter.items(), key=lambda item: (-item[1], item[0]))
        total = counter.total()
        counts[kind] = Count(total, word, round(times / total, 3)) if kind in closed else Count(total)
    return counts
