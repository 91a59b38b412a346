"""What a finding of leakage says: which record of an evaluation set a training record meets, why, and how nearly.

Evidence is a kind, a distance or a share; never a text, a name or a path.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from medgpt_cli.core.types import Place


class Reason(StrEnum):
    """Why two records are held to share something, the surest first."""

    KEY = "same key"
    PIXELS = "same pixels"
    PICTURE = "near image"
    QUESTION = "same question"
    TEXT = "near text"
    NGRAMS = "n-gram coverage"


@dataclass(frozen=True, slots=True)
class Match:
    """One training record meeting one evaluation record.

    Attributes:
        reason: Why.
        place: Where the evaluation record stands.
        item: Its number among the evaluation records.
        evidence: The kind of key, the distance of the prints, the share of the text.
        images: Index of the training record's image and of the evaluation record's, where images met.
    """

    reason: Reason
    place: Place
    item: int
    evidence: str
    images: tuple[int, int] | None = None

    def as_dict(self) -> dict[str, Any]:
        """For a JSON report."""
        document = {
            "reason": self.reason.value,
            "evidence": self.evidence,
            "against": {"file": self.place.file, "line": self.place.line},
        }
        if self.images:
            document["images"] = {"train": self.images[0], "against": self.images[1]}
        return document
