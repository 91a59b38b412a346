"""One record judged: a row of the prepared set, or the reason why it is left out.

The order is that of cost: is it a record, do its images open, does a filter object, does it name a person; then the
prints by which copies of it are found.  This module knows nothing of files that are written, and nothing of the other
records.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from medgpt_cli.core.errors import BadImage
from medgpt_cli.core.types import Element, Place, Sample
from medgpt_cli.data.complaints import Fault, Unfit
from medgpt_cli.data.duplicates.groups import keys_of, own_key
from medgpt_cli.data.duplicates.texts import text_prints
from medgpt_cli.data.filters.building import build
from medgpt_cli.data.filters.settings import FilterSettings
from medgpt_cli.data.prepared.columns import HASHES, IMAGES, row_of
from medgpt_cli.data.prepared.evaluation import Evaluation
from medgpt_cli.data.prepared.parts import UNLABELLED, Notes, Reject
from medgpt_cli.data.prepared.pictures import Picture, Pictures
from medgpt_cli.data.prepared.raw import Item, Source
from medgpt_cli.data.prepared.screening import Screen
from medgpt_cli.data.sources.choices import HIDDEN
from medgpt_cli.data.splits import published_split

TOGETHER = 512
"""Records whose texts are printed at a time, which is quicker than one by one."""


@dataclass(frozen=True)
class Settings:
    """How records are judged; equal settings give equal parts.

    Attributes:
        embed: Whether pictures are put into the rows.
        filters: What is objected to.
        against: Evaluation sets that records are compared with.
        published: Whether published splits are kept: what a set holds out may then meet itself.
        towers: Folder of the model that scores how well texts fit their pictures, or empty.
        max_unread: Evaluation records and images of them that may be unreadable.
    """

    embed: bool = False
    filters: FilterSettings = field(default_factory=FilterSettings)
    against: tuple[str, ...] = ()
    published: bool = True
    towers: str = ""
    max_unread: int = field(
        default=0, repr=False
    )  # decides whether there are parts, and not what is in them


class Judge:
    """Judges the items of sources, one after the other.

    Args:
        settings: How.
        sources: All of them: what many of their texts say is boilerplate, and no leak.
        score: How well the text of a record with pictures fits them; None where nobody asks.
    """

    def __init__(
        self,
        settings: Settings,
        sources: Sequence[Source],
        score: Callable[[Sample], float] | None = None,
    ) -> None:
        self._score = score
        self._pictures = Pictures(embed=settings.embed)
        self._embed = settings.embed
        self._screen = Screen(headers=not settings.embed)
        self._filters = build(settings.filters, look=lambda path: self._pictures.look(path).flags)
        self._evaluation = (
            Evaluation(settings.against, sources, kept=settings.published, allowed=settings.max_unread)
            if settings.against
            else None
        )

    def rows(self, source: Source, items: Sequence[Item], notes: Notes) -> Iterator[dict[str, Any]]:
        """The rows of those that are kept; what becomes of the others goes into the notes."""
        if self._evaluation:
            self._evaluation.note(notes)
        for start in range(0, len(items), TOGETHER):
            kept: list[dict[str, Any]] = []
            for item in items[start : start + TOGETHER]:
                notes.read += 1
                file = _printable(item.place.file)
                if file not in notes.files:
                    notes.files[file] = _state(item.place.file)
                judged = self._judge(source, item, notes)
                if isinstance(judged, Reject):
                    notes.rejects.append(judged)
                else:
                    line = item.place.line
                    element = line.index if isinstance(line, Element) else -1
                    kept.append({**judged, "file": file, "line": line, "element": element})
            for row, found in zip(kept, text_prints([row.pop("said") for row in kept]), strict=True):
                row |= {"exact": found.exact, "signature": found.signature, "words": found.words}
                yield row

    def _judge(self, source: Source, item: Item, notes: Notes) -> dict[str, Any] | Reject:
        try:
            sample = source.judge(item)
        except Unfit as error:
            if all(fault.what == HIDDEN for fault in error.faults):
                return _reject(item.place, UNLABELLED, HIDDEN)
            stage = "record" if item.place.line else "file"
            return _reject(item.place, stage, "; ".join(map(_words, error.faults)))
        pictures: list[Picture] = []
        faults: list[str] = []
        for index, path in enumerate(sample.images):
            try:
                path.encode()
                pictures.append(self._pictures.look(path))
            except BadImage as error:
                faults.append(f"images[{index}] {error.what}")
            except UnicodeEncodeError:
                faults.append(f"images[{index}] lies in a folder whose name is not UTF-8")
        if faults:
            return _reject(item.place, "image", "; ".join(faults))
        for each in self._filters:
            if reason := each(sample):
                return _reject(item.place, "filter", f"{each.name}: {reason}")
        for picture in pictures:
            notes.flags.update(picture.flags)
        printed = [picture.prints for picture in pictures]
        texts = list(_texts(sample))
        row = row_of(sample)
        if self._embed:
            row[IMAGES] = [{"bytes": picture.bytes, "path": picture.name} for picture in pictures]
        else:
            row[HASHES] = [picture.sha256 for picture in pictures]
        return {
            **row,
            "published": published_split(sample.split),
            **self._screen.look(sample, texts, notes),
            "characters": sum(map(len, texts)),
            "ties": _ties(sample, pictures),
            "own": own_key(sample),
            "said": "\n".join(texts),
            "phash": [None if prints.flat else prints.phash for prints in printed],
            "lopsided": [prints.lopsided for prints in printed],
            "fit": self._fit(sample),
            "leak": self._evaluation.leak(sample, printed, source, notes) if self._evaluation else "",
        }

    def _fit(self, sample: Sample) -> float:
        """NaN without pictures, minus infinity for a score that is no number."""
        if self._score is None or not sample.images:
            return math.nan
        score = self._score(sample)
        return score if math.isfinite(score) else -math.inf


def _texts(sample: Sample) -> Iterator[str]:
    """Every text a record holds, in reading order."""
    yield from (part for part in sample.document if isinstance(part, str))
    for turn in sample.turns:
        yield from (part for part in turn.parts if isinstance(part, str))
        if turn.thinking:
            yield turn.thinking


def _ties(sample: Sample, pictures: Sequence[Picture]) -> list[str]:
    """What the record shares with others, its pictures included."""
    shown = (f"pixels:{picture.prints.pixels.hex()}" for picture in pictures if not picture.prints.flat)
    return list(dict.fromkeys([*keys_of(sample), *shown]))


def _reject(place: Place, stage: str, reason: str) -> Reject:
    return Reject.at(Place(_printable(place.file), place.line), stage, reason)


def _words(fault: Fault) -> str:
    return f"{fault.field} {fault.what}".strip()


@lru_cache(maxsize=1024)
def _printable(name: str) -> str:
    """A file's name as text that can be written, whatever bytes it is made of."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _state(file: str) -> tuple[int, int]:
    try:
        found = os.stat(file)
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns
