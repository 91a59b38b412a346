"""What a comparison found, counted and listed: overlapping records by reason, and what each evaluation set has lost.

Texts stand here only where they were asked for.  This module knows nothing of how overlaps are found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from medgpt_cli.core.errors import Complaint
from medgpt_cli.core.types import Place
from medgpt_cli.data.leakage.matches import Match, Reason

LISTED = 10_000
"""Overlaps listed; the others are only counted."""


class Findings:
    """Gathers what training records meet.

    Attributes:
        records: Training records compared.
        leaking: Those that meet something.
        overlaps: Pairs of a training record and a finding, the first `LISTED` of them.
    """

    def __init__(self) -> None:
        self.records = 0
        self.leaking = 0
        self.overlaps: list[tuple[Place, Match]] = []
        self._total = 0
        self._by_reason: Counter[Reason] = Counter()

    def add(self, place: Place, matches: Sequence[Match]) -> None:
        """Takes in one training record and what it meets."""
        self.records += 1
        self.leaking += bool(matches)
        self._total += len(matches)
        self._by_reason.update({match.reason for match in matches})
        self.overlaps += [(place, match) for match in matches[: max(0, LISTED - len(self.overlaps))]]

    def places(self) -> set[Place]:
        """Where all listed records stand, of both sides."""
        return {place for train, match in self.overlaps for place in (train, match.place)}

    def as_dict(
        self,
        *,
        held: Mapping[str, tuple[int, int]],
        unread: Sequence[Complaint] = (),
        passed_over: int = 0,
        texts: Mapping[Place, str] | None = None,
    ) -> dict[str, Any]:
        """The findings as one document.

        Args:
            held: For each evaluation set its records and how many of them are met by training records.
            unread: Evaluation images that could not be compared.
            passed_over: Training images that could not be compared.
            texts: What the listed records say, where that was asked for.
        """
        return {
            "records": self.records,
            "leaking": self.leaking,
            "by_reason": {reason.value: self._by_reason[reason] for reason in Reason},
            "against": [
                {"set": name, "records": records, "contaminated": met}
                for name, (records, met) in held.items()
            ],
            "not_compared": {
                "against": [str(complaint) for complaint in unread],
                "train_images": passed_over,
            },
            "overlaps": self._total,
            "listed": [
                {
                    "train": {"file": place.file, "line": place.line},
                    **match.as_dict(),
                    **(
                        {"texts": {"train": texts[place], "against": texts[match.place]}}
                        if texts is not None
                        else {}
                    ),
                }
                for place, match in self.overlaps
            ],
        }
