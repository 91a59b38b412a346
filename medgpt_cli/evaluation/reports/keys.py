"""How a report and its words are named where their text must not stand.

A report is the SHA-256 of its text, outer white space aside, so a text that passed through a table of another program
keeps its name.  The words of a graph are shortened hashes: equality is all that scoring asks of them.  This module
knows nothing of files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

WORD_HASH = 16
"""Hexadecimal digits of a word's hash."""


class Report(NamedTuple):
    """One report as scoring sees it.

    Attributes:
        key: SHA-256 of the text.
        blank: Whether the text says nothing at all.
    """

    key: str
    blank: bool


class Pair(NamedTuple):
    """What a model wrote, and what the radiologist wrote."""

    candidate: Report
    reference: Report


def report_key(text: str) -> str:
    """The name of a report: 64 hexadecimal digits."""
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()


def word_key(words: str) -> str:
    """The name of a word or phrase inside a graph."""
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:WORD_HASH]


def is_hex(value: str, digits: int) -> bool:
    """Whether `value` is a hash of that many digits, and so no text."""
    return len(value) == digits and set(value) <= set("0123456789abcdef")


def report(text: str) -> Report:
    """A report by its text."""
    return Report(report_key(text), not text.strip())


def pairs(candidates: Sequence[str], references: Sequence[str]) -> list[Pair]:
    """Both sides by their texts, in order.

    Raises:
        ValueError: The two are not equally many.
    """
    return [Pair(report(c), report(r)) for c, r in zip(candidates, references, strict=True)]


def reports(chosen: Sequence[Pair]) -> Iterator[Report]:
    """Every report of the pairs, candidate before reference."""
    for pair in chosen:
        yield from pair
