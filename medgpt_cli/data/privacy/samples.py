"""Identifiers in the records that are trained on: texts and fields by rules, headers and metadata of their images.

Only counts and places come out, so that a scan may be kept: line and field, never what stands there.  This module
knows nothing of what is done about a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from medgpt_cli.core.errors import BadImage
from medgpt_cli.core.types import Sample
from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.header_files import holder
from medgpt_cli.data.privacy.headers import find_header
from medgpt_cli.data.privacy.labels import labels_of
from medgpt_cli.data.privacy.replacing import Find

PLACES = 5
"""Places kept of each class."""


class Tally(msgspec.Struct):
    """What was found of one class at one confidence.

    Attributes:
        count: How many findings.
        places: The first of them, as `17 turns[1]`: a line and a field.
    """

    count: int = 0
    places: list[str] = msgspec.field(default_factory=list)


class Scan(msgspec.Struct):
    """What was found in one file of records.

    Attributes:
        sure: Findings of high confidence, by class.
        doubtful: The others, by class.
    """

    sure: dict[str, Tally] = msgspec.field(default_factory=dict)
    doubtful: dict[str, Tally] = msgspec.field(default_factory=dict)

    def add(self, identifier: Identifier, place: str, *, sure: bool) -> None:
        """Counts one finding."""
        tallies = self.sure if sure else self.doubtful
        tally = tallies.setdefault(identifier.value, Tally())
        tally.count += 1
        if len(tally.places) < PLACES and place not in tally.places:
            tally.places.append(place)


def scan_samples(samples: Iterable[Sample], find: Find, *, texts: bool = True) -> Scan:
    """Looks for identifiers in records of one file.

    Args:
        samples: Of one file.
        find: Finds identifiers in a text.
        texts: Whether texts and fields are read; otherwise headers alone.
    """
    scan = Scan()

    @lru_cache(maxsize=1 << 14)
    def found_in(text: str) -> tuple[tuple[Identifier, bool], ...]:
        return tuple((each.identifier, each.sure) for each in find(text))

    @lru_cache(maxsize=1 << 18)
    def found_beside(path: str) -> tuple[tuple[Identifier, bool, str], ...]:
        try:
            return tuple((each.identifier, each.sure, each.tag) for each in find_header(path, find))
        except BadImage:
            return ()  # said by whoever checks images

    for sample in samples:
        line = sample.place.line
        for field, text in _texts(sample) if texts else ():
            for identifier, sure in found_in(text):
                scan.add(identifier, f"{line} {field}", sure=sure)
        for field, text in labels_of(sample) if texts else ():
            for identifier, sure in found_in(text):
                if sure:
                    scan.add(identifier, f"{line} {field}", sure=True)
        for index, image in enumerate(sample.images):
            where = holder(image)
            if where.partition("#")[0] == sample.place.file:
                continue  # in the row of a prepared set itself, whose pictures carry no header
            for identifier, sure, tag in found_beside(where):
                scan.add(identifier, f"{line} images[{index}] {tag}", sure=sure)
    return scan


def _texts(sample: Sample) -> Iterator[tuple[str, str]]:
    """Everything of a record that a model reads or learns, with the name of its place."""
    for index, turn in enumerate(sample.turns):
        yield f"turns[{index}]", turn.text
        if turn.thinking:
            yield f"turns[{index}] thinking", turn.thinking
    for part in sample.document:
        if isinstance(part, str):
            yield "text", part
