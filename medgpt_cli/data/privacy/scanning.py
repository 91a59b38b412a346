"""Files looked through for identifiers: every text of a record, plain texts, headers of images, text in pixels.

What is kept of a finding is its place, its class and its rule; the characters only where they were asked for.  An
image inside a record is called by its field, one inside a folder by its number, since file names hold patients' names.
This module knows nothing of reports and decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.core.errors import BadImage, BadRecord, Complaint
from medgpt_cli.core.types import Sample
from medgpt_cli.data.complaints import Unfit, key_name
from medgpt_cli.data.images.paths import ImageRoot
from medgpt_cli.data.jsonl import numbered_lines
from medgpt_cli.data.privacy.columns import meaning
from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.header_files import holder
from medgpt_cli.data.privacy.headers import find_header
from medgpt_cli.data.privacy.replacing import Find
from medgpt_cli.data.strict_json import read_object

LISTED = 100_000
"""Findings listed; the others are only counted."""
LARGEST = 256 * 2**20
"""Bytes of a plain text that is read."""
IMAGE_FIELDS = frozenset({"image", "images"})
_PATH_SIGNS = str.maketrans("_/\\.", "    ")


class Seen(msgspec.Struct, frozen=True, gc=False):
    """One finding.

    Attributes:
        place: `file:line field`.
        identifier: Which class.
        rule: What found it.
        sure: Whether it is certain enough to refuse training on it.
        offset: Of the first character in the field, from 0; -1 where the element as a whole is meant.
        length: In characters; 0 where the element as a whole is meant.
        value: The characters, only where they were asked for.
    """

    place: str
    identifier: Identifier
    rule: str
    sure: bool
    offset: int = -1
    length: int = 0
    value: str = ""


class Scanner:
    """Looks through files and keeps what it sees.

    Args:
        find: Finds identifiers in a text.
        allowed: Whether a finding is one that the profile lets stand.
        values: Keep the characters found.

    Attributes:
        seen: Findings in the order met, at most `LISTED`.
        counts: All findings, by class and certainty.
        counted: How many records, texts and images were looked through.
        complaints: What could not be read, each with its place.
        images: Where each image was met first, by its path with what stands behind the `#`.
    """

    def __init__(self, find: Find, allowed: Any, *, values: bool = False) -> None:
        self._find, self._allowed, self._values = find, allowed, values
        self.seen: list[Seen] = []
        self.counts: Counter[tuple[Identifier, bool]] = Counter()
        self.counted: Counter[str] = Counter()
        self.complaints: list[Complaint] = []
        self.images: dict[str, str] = {}

    def add(self, seen: Seen) -> None:
        """Keeps one finding."""
        if self._allowed(seen.identifier, seen.rule):
            return
        self.counts[seen.identifier, seen.sure] += 1
        if len(self.seen) < LISTED:
            self.seen.append(seen)

    def text(self, place: str, text: str) -> None:
        """Looks through one text."""
        for found in self._find(text):
            self._found(place, found, text)

    def _found(self, place: str, found: Finding, text: str) -> None:
        value = text[found.start : found.end] if self._values else ""
        self.add(
            Seen(
                place,
                found.identifier,
                found.rule,
                found.sure,
                found.start,
                found.end - found.start,
                value,
            )
        )

    def record_file(self, path: Path, image_root: Path | None) -> None:
        """Looks through every text of every record of a JSONL file, the columns that training ignores too."""
        resolve = ImageRoot(image_root if image_root is not None else path.parent).resolve
        try:
            for number, raw in numbered_lines(path):
                self.counted["records"] += 1
                try:
                    record = read_object(raw)
                except Unfit as error:
                    self.complaints += [
                        Complaint(fault.what, f"{path}:{number} {fault.field}".rstrip())
                        for fault in error.faults
                    ]
                    continue
                for field, key, text in strings(record):
                    place = f"{path}:{number} {field}"
                    if key in IMAGE_FIELDS:
                        self._reference(place, text, resolve)
                    else:
                        self._field(place, key, text)
        except BadRecord as error:
            self.complaints.append(Complaint(error.what, error.where or str(path), error.repair))

    def _field(self, place: str, key: str, text: str) -> None:
        told = meaning(key.replace("_", " "))
        if told is not None and text.strip() and key not in {"patient_id", "study_id", "id"}:
            self._found(place, Finding(told[0], 0, len(text), "field named so", told[1]), text)
        else:
            self.text(place, text)

    def _reference(self, place: str, written: str, resolve: Any) -> None:
        self.text(place, written.translate(_PATH_SIGNS))
        try:
            path = resolve(written)
        except BadImage as error:
            self.complaints.append(Complaint(error.what, place, error.repair))
        else:
            self.images.setdefault(path, place)

    def samples(self, samples: Iterable[Sample]) -> None:
        """Looks through samples that an adapter or a prepared set tells."""
        for sample in samples:
            self.counted["records"] += 1
            for index, turn in enumerate(sample.turns):
                self.text(f"{sample.place} turns[{index}]", turn.text)
                if turn.thinking:
                    self.text(f"{sample.place} turns[{index}] thinking", turn.thinking)
            for part in sample.document:
                if isinstance(part, str):
                    self.text(f"{sample.place} text", part)
            for index, image in enumerate(sample.images):
                self.images.setdefault(image, f"{sample.place} images[{index}]")

    def text_file(self, path: Path, name: str) -> None:
        """Looks through a plain text; offsets count from the beginning of their line."""
        try:
            if path.stat().st_size > LARGEST:
                raise OverflowError
            text = path.read_bytes().decode("utf-8-sig", errors="replace")
        except OverflowError:
            self.complaints.append(Complaint("is over 256 MB", name, "cut it into smaller files"))
            return
        except OSError:
            self.complaints.append(Complaint("cannot be read", name))
            return
        self.counted["texts"] += 1
        line, begin = 1, 0
        for found in self._find(text):
            line += text.count("\n", begin, found.start)
            begin = found.start
            column = found.start - (text.rfind("\n", 0, found.start) + 1)
            value = text[found.start : found.end] if self._values else ""
            self.add(
                Seen(
                    f"{name}:{line}",
                    found.identifier,
                    found.rule,
                    found.sure,
                    column,
                    found.end - found.start,
                    value,
                )
            )

    def headers(self) -> None:
        """Looks through the headers of all images met, those inside tables too, each once."""
        for path, place in {
            holder(reference): place for reference, place in reversed(self.images.items())
        }.items():
            self.counted["images"] += 1
            try:
                found = find_header(path, self._find)
            except BadImage as error:
                self.complaints.append(Complaint(error.what, place, error.repair))
                continue
            for each in found:
                self.add(Seen(f"{place} {each.tag}", each.identifier, each.rule, each.sure))


def strings(
    value: Any, field: str = "", key: str = "", depth: int = 0
) -> Iterator[tuple[str, str, str]]:
    """Every text in a record as (field, nearest key, text); keys that do not look like columns are not shown."""
    if isinstance(value, str):
        yield field, key, value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) >= 10_000:
            yield field, key, str(value)
    elif isinstance(value, dict) and depth < 32:
        for name, inner in value.items():
            shown = key_name(name)
            yield from strings(inner, f"{field}.{shown}" if field else shown, name, depth + 1)
    elif isinstance(value, list) and depth < 32:
        for index, inner in enumerate(value):
            yield from strings(inner, f"{field}[{index}]", key, depth + 1)
