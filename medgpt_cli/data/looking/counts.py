"""What samples are: how many of each source, split, form, licence and facet, how long, how many images and patients.

Counts alone are kept, never a text.  This module opens no file.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from medgpt_cli.core.types import Role, Sample
from medgpt_cli.data.looking.lengths import Lengths
from medgpt_cli.data.questions import CAPTION_PROMPT

NAMED = 200
"""Different values of one facet that are told apart; the rest is counted together."""
OTHERS = "(others)"
UNSAID = "(not said)"


class Counts:
    """Counts over samples added one by one."""

    def __init__(self) -> None:
        self.records = 0
        self.images = 0
        self.by: dict[str, Counter[str]] = {
            name: Counter() for name in ("splits", "sources", "forms", "licences")
        }
        self.facets: dict[str, Counter[str]] = {}
        self.images_per_record: Counter[int] = Counter()
        self.characters = Lengths()
        self._named: dict[str, set[int]] = {"patients": set(), "studies": set(), "image_files": set()}

    def add(self, sample: Sample) -> None:
        """Takes in one sample."""
        self.records += 1
        self.images += len(sample.images)
        self.by["splits"][sample.split or UNSAID] += 1
        self.by["sources"][sample.source or UNSAID] += 1
        self.by["forms"][form(sample)] += 1
        self.by["licences"][sample.licence or UNSAID] += 1
        for name, value in sample.facets:
            values = self.facets.setdefault(name, Counter())
            values[value if value in values or len(values) < NAMED else OTHERS] += 1
        self.images_per_record[len(sample.images)] += 1
        self.characters.add(characters(sample))
        # Hashes of eight bytes: names of a million patients would not fit, and are not wanted here.
        if sample.patient_id:
            self._named["patients"].add(hash((sample.source, sample.patient_id)))
        if sample.study_id:
            self._named["studies"].add(hash((sample.source, sample.study_id)))
        self._named["image_files"].update(map(hash, sample.images))

    def document(self) -> dict[str, Any]:
        """Everything counted, the largest first."""
        return {
            "records": self.records,
            **{name: dict(found.most_common()) for name, found in self.by.items()},
            "facets": {name: dict(found.most_common()) for name, found in sorted(self.facets.items())},
            "images": self.images,
            "images_per_record": {
                str(n): self.images_per_record[n] for n in sorted(self.images_per_record)
            },
            **{name: len(found) for name, found in self._named.items()},
            "characters": self.characters.document(),
        }


def form(sample: Sample) -> str:
    """What kind of record it is, as far as a sample still tells."""
    if sample.document:
        return "document"
    if sample.options:
        return "multiple choice"
    users = [turn for turn in sample.turns if turn.role is Role.USER]
    if len(users) == 1 and sample.images and users[0].text == CAPTION_PROMPT:
        return "caption"
    return "question" if len(users) == 1 else "dialogue"


def characters(sample: Sample) -> int:
    """Characters of every text of a record, thinking included."""
    texts = (part for turn in sample.turns for part in turn.parts if isinstance(part, str))
    thinking = sum(len(turn.thinking) for turn in sample.turns)
    document = sum(len(part) for part in sample.document if isinstance(part, str))
    return sum(map(len, texts)) + thinking + document
