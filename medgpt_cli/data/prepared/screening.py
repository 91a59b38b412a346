"""Identifiers in one record: which classes its texts, its fields and what its images carry hold, as bits.

Texts that `medgpt data deid` wrote and verified are not read again.  This module knows nothing of what is done about
a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from medgpt_cli.core.errors import BadImage
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.types import Sample
from medgpt_cli.data.prepared.parts import Notes
from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.header_files import holder
from medgpt_cli.data.privacy.headers import find_header
from medgpt_cli.data.privacy.labels import labels_of
from medgpt_cli.data.privacy.manifest import vouched_for
from medgpt_cli.data.privacy.text import find_text

CLASSES = tuple(identifier.value for identifier in Identifier)
"""In the order of their bits."""
Found = tuple[tuple[str, bool], ...]
"""(class, whether of high confidence) of each finding."""


def bits(classes: Iterable[str]) -> int:
    """Classes as one number."""
    return sum(1 << CLASSES.index(name) for name in set(classes))


def names(number: int) -> list[str]:
    """The classes of a number."""
    return [name for place, name in enumerate(CLASSES) if number >> place & 1]


class Screen:
    """Looks for identifiers in records.

    Args:
        headers: Whether headers and metadata of images are read; pictures that are embedded leave theirs behind.
    """

    def __init__(self, *, headers: bool) -> None:
        self._headers = headers

    def look(self, sample: Sample, texts: Sequence[str], notes: Notes) -> dict[str, int]:
        """What a record's row says of identifiers; findings are counted in the notes.

        Args:
            sample: The record.
            texts: All its texts.
            notes: Of the block.
        """
        found: list[tuple[str, bool]] = []
        if not _deidentified(sample.place.file):
            for text in texts:
                found += _in_text(text)
            for _, text in labels_of(sample):
                found += [each for each in _in_text(text) if each[1]]
        if self._headers:
            for path in sample.images:
                found += _in_header(holder(path))
        sure = [name for name, certain in found if certain]
        doubtful = [name for name, certain in found if not certain]
        notes.sure.update(sure)
        notes.doubtful.update(doubtful)
        return {"phi": len(found), "sure": bits(sure), "doubtful": bits(doubtful)}


@lru_cache(maxsize=1 << 12)
def _in_text(text: str) -> Found:
    return tuple((each.identifier.value, each.sure) for each in find_text(text))


@lru_cache(maxsize=1 << 12)
def _in_header(path: str) -> Found:
    try:
        return tuple((each.identifier.value, each.sure) for each in find_header(path, find_text))
    except BadImage:
        return ()  # said where images are opened


@lru_cache(maxsize=256)
def _deidentified(file: str) -> bool:
    path = Path(file)
    return (path.parent / "manifest.json").is_file() and vouched_for(path, sha256_file(path))
