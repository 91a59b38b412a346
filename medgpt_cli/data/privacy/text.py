"""`find_text`: every identifier that the rules see in a text.

The rules are regular expressions and word lists, compiled and loaded once; they see no further than their wording, so
what they find is a lower bound.  Their recall on notes with known identifiers is measured by `tests/benchmarks/phi.py`.
This module knows nothing of files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from medgpt_cli.data.privacy.columns import find_columns
from medgpt_cli.data.privacy.contacts import find_contacts
from medgpt_cli.data.privacy.dates import find_dates
from medgpt_cli.data.privacy.fields import as_labels
from medgpt_cli.data.privacy.findings import Finding, Identifier, settle
from medgpt_cli.data.privacy.name_echoes import find_echoes
from medgpt_cli.data.privacy.name_sequences import find_sequences
from medgpt_cli.data.privacy.names import find_names
from medgpt_cli.data.privacy.numbers import find_numbers
from medgpt_cli.data.privacy.places import find_places

_DIGIT = re.compile(r"\d")


def find_text(text: str) -> list[Finding]:
    """Identifiers in a text, in order of place, none overlapping.

    Args:
        text: A note, a report, a question: any text in English.

    Returns:
        Offsets into `text`, counted in characters.
    """
    return settle(_all(text))


def _has_digit(text: str) -> bool:
    if _DIGIT.search(text):
        return True
    return not text.isascii() and any(sign.isdigit() for sign in text)  # a superscript is one too


def _all(text: str) -> Iterator[Finding]:
    cells = list(find_columns(text))
    yield from cells
    text = as_labels(text)
    if _has_digit(text) or any(sign in text for sign in ("@", "www", "://", "<<")):
        yield from find_dates(text)
        yield from find_numbers(text)
        yield from find_contacts(text)
    yield from find_places(text)
    announced = [found for found in cells if found.identifier is Identifier.NAME]
    announced += find_names(text)
    yield from announced
    sequences = list(find_sequences(text))
    yield from sequences
    yield from find_echoes(
        text, [*announced, *(s for s in sequences if s.rule == "given name and surname")]
    )
