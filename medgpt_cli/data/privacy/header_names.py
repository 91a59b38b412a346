"""Names that the header of a DICOM image says its patient has, to be looked for in what is written about the patient.

This module knows nothing of records and replaces nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.header_files import opened_holder
from medgpt_cli.data.privacy.headers import elements, is_nothing, read_dataset, texts_of
from medgpt_cli.data.privacy.lexicon import is_word
from medgpt_cli.data.privacy.tag_classes import DIRECT

SHORTEST = 3
"""Letters a name needs; one of three that is a word too ("Ray") is not looked for."""
_NAME_WORD = re.compile(rf"[^\W\d_]{{{SHORTEST},}}")


class Patient(NamedTuple):
    """Who a header is about.

    Attributes:
        number: The patient's number, or empty.
        names: Words of the names, as a text may write them.
    """

    number: str = ""
    names: frozenset[str] = frozenset()


@lru_cache(maxsize=1 << 14)
def patient_in(path: str) -> Patient:
    """The patient of a DICOM file; nobody where it is no DICOM file or cannot be read.

    Args:
        path: The file, without a fragment.
    """
    try:
        with opened_holder(Path(path)) as (stream, kind):
            if kind != "DICOM":
                return Patient()
            dataset = read_dataset(stream, pixels=False)
    except BadImage:
        return Patient()
    words: set[str] = set()
    for _, _, element in elements(dataset):
        if DIRECT.get(element.keyword) is Identifier.NAME:
            for text in texts_of(element):
                if not is_nothing(text):
                    words.update(_NAME_WORD.findall(text))
    number = str(dataset.get("PatientID", "") or "").strip()
    return Patient("" if is_nothing(number) else number, frozenset(_written(words)))


def _written(words: set[str]) -> set[str]:
    """Each word as headers and reports write it: BROWN, Brown, MCDONALD, McDonald."""
    found = set()
    for word in words:
        if len(word) == SHORTEST and is_word(word.casefold()):
            continue
        found |= {word, word.title()}
        if word.casefold().startswith("mc"):
            found.add("Mc" + word[2:].title())
    return found
