"""The evaluation sets that records are compared with while they are judged.

A set that is prepared against itself meets itself: what it publishes as held out stays held out, so it is not compared
with its own set, while its training side is.  What cannot be read is nothing that records were compared with, so it
refuses, but for as much as somebody answers for.  This module knows nothing of rows and parts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from medgpt_cli.core.errors import BadImage, BadRecord, Complaint
from medgpt_cli.core.types import Sample
from medgpt_cli.core.wording import counted
from medgpt_cli.data.duplicates.pictures import ImagePrint
from medgpt_cli.data.images.apart import open_apart
from medgpt_cli.data.leakage.against import Against
from medgpt_cli.data.leakage.matches import Match
from medgpt_cli.data.leakage.roles import TRAIN, evaluation_samples
from medgpt_cli.data.prepared.parts import Notes
from medgpt_cli.data.prepared.raw import Source, checked
from medgpt_cli.data.sources.choices import HIDDEN
from medgpt_cli.data.splits import published_split

_RECORD = re.compile(r".*:\d+")


def unreadable(sets: Sequence[Sequence[int]]) -> int:
    """Records that are faulty, among those that could not be read."""
    return sum(unread - unlabelled for _, unread, unlabelled in sets)


class Evaluation:
    """Evaluation sets read once, with the boilerplate of the sources known.

    Args:
        paths: The sets.
        sources: All that is prepared: what many of their texts say is boilerplate, and no leak.
        kept: Whether published splits are kept, so that what is held out stays so.
        allowed: Records and images of them that may be unreadable.

    Attributes:
        sets: Of each set the records that were read, those that could not be, so that nothing is compared with them,
            and how many of the latter have no published label.

    Raises:
        BadRecord: More is unreadable than allowed, or a set has no record that can be read, which nothing allows.
        BadImage: Likewise, where it is images alone.
    """

    def __init__(
        self, paths: Sequence[str], sources: Sequence[Source], *, kept: bool, allowed: int = 0
    ) -> None:
        self.sets: list[list[int]] = []
        self._last = ""
        self._complaints: list[Complaint] = []
        self._firsts: list[int] = []
        self._against = Against.build(self._records(paths), open_apart)
        self._refuse_unread(paths, allowed)
        for source in sources:
            self._against.learn(found for found in checked(source) if isinstance(found, Sample))
        numbers = {Path(path).resolve(): number for number, path in enumerate(paths)}
        self._sets = [numbers.get(source.path.resolve()) if kept else None for source in sources]
        self._sources = sources

    def note(self, notes: Notes) -> None:
        """Puts into the notes of a block what could not be compared with."""
        notes.compared = self.sets
        notes.unread = sum(unread for _, unread, _ in self.sets)
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
            self.sets.append([0, 0, 0])
            self._last = ""
            for sample in evaluation_samples(Path(path), on_bad=self._complained):
                read += 1
                self.sets[-1][0] += 1
                yield sample

    def _refuse_unread(self, paths: Sequence[str], allowed: int) -> None:
        for path, (read, *_) in zip(paths, self.sets, strict=True):
            if not read:
                raise BadRecord(
                    "no record of this evaluation set can be read, so nothing would be compared with it",
                    where=path,
                    repair="mend it; medgpt data check lists every fault",
                    complaints=self._complaints,
                )
        records = unreadable(self.sets)
        images = len(self._against.unread)
        if records + images > allowed:
            words = f"{counted(records, 'record')} cannot be used" if records else ""
            shown = f"{counted(images, 'image')} could not be opened" if images else ""
            raise (BadRecord if records else BadImage)(
                f"{' and '.join(filter(None, (words, shown)))} of the evaluation sets, so what they hold would not be "
                "compared",
                repair="mend them; or answer for what is not compared with "
                f"data.max_unread={records + images}",
                complaints=[*self._complaints, *self._against.unread],
            )

    def _complained(self, complaint: Complaint) -> None:
        """Counts a record once, whatever number of faults it has; a withheld label is none of ours to mend."""
        found = _RECORD.match(complaint.where)
        place = found[0] if found else complaint.where
        new = place != self._last
        self._last = place
        self.sets[-1][1] += new
        if complaint.what == HIDDEN:
            self.sets[-1][2] += new
        else:
            self._complaints.append(complaint)
