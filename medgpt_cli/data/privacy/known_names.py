"""Names met anywhere in a source, and the records in which each is looked for again.

What a record or a header says of a patient with certainty is looked for in all records of that patient.  A record that
names no patient may be about anybody in its file, so names of the whole file are looked for there, but only telling
ones: of several words as they stood together, or one word of four letters or more that is no ordinary or medical word,
no eponym and no given name.  This module reads no files and replaces nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from medgpt_cli.data.privacy.lexicon import is_eponym, is_given, is_word
from medgpt_cli.data.privacy.record_copy import full_names_of, names_of, patient_of
from medgpt_cli.data.privacy.replacing import Find

_WORD = re.compile(r"[^\W\d_]+")
SHORTEST = 4
"""Letters of a word that tells who is meant."""


class KnownNames:
    """Names by patient and by file.

    Args:
        find: Finds identifiers in a text.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._of_patients: dict[str, set[str]] = {}
        self._of_files: dict[Path, dict[str, set[str]]] = {}

    def meet(self, file: Path, record: dict[str, Any], shown: Iterable[str]) -> None:
        """Takes in the names of one record.

        Args:
            file: Where it stands.
            record: As decoded.
            shown: Names in the headers of its images.
        """
        full = full_names_of(record, self._find)
        words = {*names_of(record, self._find), *shown}
        if patient := patient_of(record):
            self.meet_patient(patient, words)
        told = self._of_files.setdefault(file, {})
        for name in (*full, *filter(is_telling, words)):
            told.setdefault(_first(name), set()).update({name, name.title()})

    def meet_patient(self, patient: str, names: Iterable[str]) -> None:
        """Takes in names of a patient that something else tells of."""
        self._of_patients.setdefault(patient, set()).update(names)

    def of(self, file: Path, record: dict[str, Any], shown: Iterable[str]) -> set[str]:
        """What is looked for in one record."""
        if patient := patient_of(record):
            return self._of_patients.get(patient, set())
        names = {*names_of(record, self._find), *shown}
        told = self._of_files.get(file, {})
        for word in {word.casefold() for word in _WORD.findall(str(record))} if told else ():
            names |= told.get(word, set())
        return names


def is_telling(word: str) -> bool:
    """Whether a word of a name tells who is meant wherever it stands."""
    return len(word) >= SHORTEST and not (is_word(word) or is_eponym(word) or is_given(word))


def _first(name: str) -> str:
    """By what a name is looked up: its first word."""
    found = _WORD.search(name)
    return found[0].casefold() if found else ""
