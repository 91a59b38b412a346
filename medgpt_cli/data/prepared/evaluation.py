"""The evaluation sets that records are compared with while they are judged.

A set that is prepared against itself meets itself: what it publishes as held out stays held out, so it is not compared
with its own set, while its training side is.  This module knows nothing of rows and parts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from medgpt_cli.core.errors import Complaint
from medgpt_cli.core.types import Sample
from medgpt_cli.data.duplicates.pictures import ImagePrint
from medgpt_cli.data.leakage.against import Against
from medgpt_cli.data.leakage.matches import Match
from medgpt_cli.data.leakage.roles import TRAIN, evaluation_samples
from medgpt_cli.data.prepared.parts import Notes
from medgpt_cli.data.prepared.raw import Source, checked
from medgpt_cli.data.splits import published_split

_RECORD = re.compile(r".*:\d+")


class Evaluation:
    """Evaluation sets read once, with the boilerplate of the sources known.

    Args:
        paths: The sets.
        sources: All that is prepared: what many of their texts say is boilerplate, and no leak.
        kept: Whether published splits are kept, so that what is held out stays so.

    Attributes:
        unread: Evaluation records that could not be read, so that nothing is compared with them.
    """

    def __init__(self, paths: Sequence[str], sources: Sequence[Source], *, kept: bool) -> None:
        self.unread = 0
        self._last = ""
        self._firsts: list[int] = []
        self._against = Against.build(self._records(paths))
        for source in sources:
            self._against.learn(found for found in checked(source) if isinstance(found, Sample))
        numbers = {Path(path).resolve(): number for number, path in enumerate(paths)}
        self._sets = [numbers.get(source.path.resolve()) if kept else None for source in sources]
        self._sources = sources

    def note(self, notes: Notes) -> None:
        """Puts into the notes of a block what could not be compared with."""
        notes.unread = self.unread
        notes.unopened = len(self._against.unread)

    def leak(self, sample: Sample, prints: Sequence[ImagePrint], source: Source, notes: Notes) -> str:
        """Which evaluation record a record meets, and how; empty for none."""
        matches = self._against.matches(sample, prints)
        if published_split(sample.split) not in ("", TRAIN):
            matches = [match for match in matches if not self._is_own(match, source)]
        notes.met.update(match.item for match in matches)
        if not matches:
            return ""
        first = matches[0]
        more = f" and {len(matches) - 1} more" if len(matches) > 1 else ""
        return f"meets {first.place} by {first.reason} ({first.evidence}){more}"

    def _is_own(self, match: Match, source: Source) -> bool:
        own = next(n for each, n in zip(self._sources, self._sets, strict=True) if each is source)
        return own is not None and bisect_right(self._firsts, match.item) - 1 == own

    def _records(self, paths: Sequence[str]) -> Iterator[Sample]:
        read = 0
        for path in paths:
            self._firsts.append(read)
            for sample in evaluation_samples(Path(path), on_bad=self._complained):
                read += 1
                yield sample

    def _complained(self, complaint: Complaint) -> None:
        """Counts a record once, whatever number of faults it has."""
        found = _RECORD.match(complaint.where)
        place = found[0] if found else complaint.where
        self.unread += place != self._last
        self._last = place
