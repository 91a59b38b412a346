"""One training record de-identified: texts by stand-ins, numbers of patients and studies remapped, images renamed.

Only the words of a record are copied; a set's own columns, which training never reads, stay behind.  This module
knows nothing of files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from medgpt_cli.data.forms import CONTENT, OPTIONAL, TIES, WORDS
from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.replacing import Find, names_in, replace
from medgpt_cli.data.privacy.standins import StandIns

NUMBERS = ("id", "patient_id", "study_id")
"""Fields whose whole value is a number or a code."""
PUBLISHED = frozenset({"pmcid", "figure", "question"})
"""Kinds of keys that name something published, not a patient; they stay, so that leakage is still found by them."""
AS_THEY_ARE = frozenset({"role", "from", "type", "split"})
TERMS = frozenset({"source", "licence"})
"""Words that stay unless something certain stands in them: a web address is no patient's."""
SHORTEST = 4
"""Characters a number needs to be looked for in texts."""

Known = list[tuple[Identifier, str]]


@dataclass
class CopiedRecord:
    """A record without its identifiers.

    Attributes:
        record: What is written.
        counts: Identifiers replaced, by class.
        columns: Columns left behind.
        left: Fields in which something is still found with certainty, with its class.
    """

    record: dict[str, Any]
    counts: Counter[Identifier] = field(default_factory=Counter)
    columns: int = 0
    left: list[tuple[str, Identifier]] = field(default_factory=list)


class RecordCopier:
    """De-identifies records under one key.

    Args:
        standins: Draws the stand-ins.
        find: Finds identifiers in a text.
        rename: Gives the new path of an image that a record names.
    """

    def __init__(self, standins: StandIns, find: Find, rename: Callable[[str], str]) -> None:
        self._standins, self._find, self._rename = standins, find, rename

    def copy(
        self, record: dict[str, Any], *, otherwise: str, names: Iterable[str] | None = None
    ) -> CopiedRecord:
        """De-identifies one record.

        Args:
            record: As decoded.
            otherwise: Tells the patient apart where the record does not name one.
            names: Words of names that the patient's records say with certainty; those of this record when None.
        """
        copied = CopiedRecord({})
        patient = patient_of(record) or otherwise
        known: Known = [
            (Identifier.RECORD_NUMBER, str(record[key]))
            for key in NUMBERS[1:]
            if record.get(key) and len(str(record[key])) >= SHORTEST
        ]
        words = names_of(record, self._find) if names is None else names
        known += [(Identifier.NAME, word) for word in sorted(words)]
        for key, value in record.items():
            if value is None:
                continue
            if key not in WORDS and key not in CONTENT and key not in OPTIONAL and key not in TIES:
                copied.columns += 1
            elif key in NUMBERS:
                copied.record[key] = self._number(str(value))
                copied.counts[Identifier.RECORD_NUMBER] += key != "id"
            elif key == "keys":
                copied.record[key] = [self._key(str(each)) for each in value]
            elif key in ("image", "images"):
                copied.record[key] = self._images(value)
            elif key in AS_THEY_ARE:
                copied.record[key] = value
            elif key in TERMS:
                copied.record[key] = self._term(key, value, copied)
            else:
                copied.record[key] = self._walk(value, key, patient, known, copied)
        return copied

    def _term(self, key: str, value: Any, copied: CopiedRecord) -> Any:
        sure = [found.identifier for found in self._find(str(value)) if found.sure]
        copied.counts.update(sure)
        return self._standins.surrogates.token(key, str(value)) if sure else value

    def _names_somebody(self, value: Any) -> bool:
        return any(found.sure for found in self._find(str(value)))

    def _walk(self, value: Any, place: str, patient: str, known: Known, copied: CopiedRecord) -> Any:
        if isinstance(value, str):
            new = replace(value, patient, self._standins, self._find, known=known)
            copied.counts += new.counts
            copied.left += [(place, found.identifier) for found in new.left]
            return new.text
        if isinstance(value, list):
            return [
                self._walk(each, f"{place}[{index}]", patient, known, copied)
                for index, each in enumerate(value)
            ]
        if isinstance(value, dict):
            return {
                key: each
                if key in AS_THEY_ARE
                else self._walk(each, f"{place}.{key}", patient, known, copied)
                for key, each in value.items()
            }
        return value

    def _images(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._rename(value)
        return [self._rename(each) if isinstance(each, str) else each for each in value]

    def _key(self, key: str) -> str:
        kind, _, value = key.partition(":")
        space, slash, own = value.rpartition("/")
        new = key if kind in PUBLISHED else f"{kind}:{space}{slash}{self._number(own)}"
        if self._names_somebody(new):  # mrn:48291035 is a labelled number in itself
            return f"key:{self._standins.surrogates.token('key', key)}"
        return new

    def _number(self, value: str) -> str:
        """A stand-in of the same format; one of no format where that still looks like an e-mail or an SSN."""
        standin = self._standins.surrogates.identifier(value)
        if self._names_somebody(standin):
            return self._standins.surrogates.token("number", value)
        return standin


def patient_of(record: dict[str, Any]) -> str:
    """What tells patients apart in a record: the patient's number, else the study's; empty where it has none."""
    return next((str(record[key]) for key in ("patient_id", "study_id") if record.get(key)), "")


def names_of(record: dict[str, Any], find: Find) -> frozenset[str]:
    """Words of the names that a record says with certainty."""
    return names_in(_texts(record), find)


def full_names_of(record: dict[str, Any], find: Find) -> frozenset[str]:
    """Names of several words that a record says with certainty, as they stand there."""
    return frozenset(
        name
        for text in _texts(record)
        for found in find(text)
        if found.sure and found.identifier is Identifier.NAME
        if len((name := text[found.start : found.end]).split()) > 1
    )


def _texts(record: dict[str, Any]) -> Iterator[str]:
    """Every text of a record that may name somebody."""
    for key, value in record.items():
        if key in WORDS or key in ("options", "system", "thinking"):
            yield from _strings(value)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key not in AS_THEY_ARE:
                yield from _strings(each)
