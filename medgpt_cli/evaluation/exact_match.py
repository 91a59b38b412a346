"""Exact match, profile `em_v1`: what two short answers may differ in and still be the same.

In this order, until nothing changes any more:

1. Unicode NFKC and lower case; runs of white space become one space; what has no width goes.
2. A pair of marks around the *whole* answer goes: markdown emphasis, quotes, brackets.
3. Sentence punctuation at either end goes, and a list dash in front; but not a dot, comma or dash that
   belongs to a number (`.5`, `-2`).

Nothing else.  No articles, synonyms, stems, number words or edit distance: `T2*` is not `T2`, `5 %` is
not `5`.  A prompt should therefore state the form of the answer.

Where the right answer is yes or no, the *first word* of the reply must be yes or no, and that is the
answer: "Yes, the heart is normal" says yes, "The heart is normal" says neither, and so do "yes or no"
and "correct": no synonyms.  Peers that look for "no" anywhere find it in "normal".

The profile's name stands beside every score; a changed rule is a new profile.

This module knows nothing of items, models or files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

PROFILE = "em_v1"

YES_NO = ("no", "yes")
"""The answers of a closed question, sorted."""

_PAIRS = (
    ("***", "***"),
    ("**", "**"),
    ("__", "__"),
    ("*", "*"),
    ("_", "_"),
    ("`", "`"),
    ('"', '"'),
    ("'", "'"),
    ("“", "”"),
    ("‘", "’"),
    ("«", "»"),
    ("(", ")"),
    ("[", "]"),
    ("{", "}"),
)
_SENTENCE = ".,;:!?。、¿¡"
_FIRST = re.compile(r"[\W_]*(yes|no)(?![\w’']|-\w)")
_BOTH = re.compile(r"\W*(?:(?:or|and)(?!\w)|[/|&])\W*(?:yes|no)(?!\w)|\W*(?:yes|no)\W*$")
_LEADING = re.compile(rf"^(?:[{re.escape(_SENTENCE)}]+(?!\d)\s*|[-–—•]\s+(?!\d))+")
_NO_WIDTH = dict.fromkeys((0x200B, 0x2060, 0xFEFF, 0xAD))
_MARKS_IN_A_ROW = 30
"""UAX 15's limit; Python takes quadratic time to order what exceeds it."""
_FOREIGN = re.compile(rf"[^\x00-\x7f]{{{_MARKS_IN_A_ROW + 1}}}")


def normalise(text: str) -> str:
    """The form in which two answers are compared; applying it twice changes nothing more."""
    text = " ".join(lower(text).translate(_NO_WIDTH).split())
    while True:
        before = text
        text = _LEADING.sub("", text).rstrip(_SENTENCE + " ")
        text = _unwrap(text)
        if text == before:
            return text


def lower(text: str) -> str:
    """Unicode NFKC and lower case, in time linear in the text's length."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _stream_safe(text)).lower())


def _stream_safe(text: str) -> str:
    """Parts endless rows of combining marks (UAX 15, stream-safe text); all other texts as they are."""
    if not _FOREIGN.search(text):
        return text
    row, parts = 0, []
    for character in text:
        row = row + 1 if unicodedata.combining(character) else 0
        if row > _MARKS_IN_A_ROW:
            parts.append("\u034f")
            row = 1
        parts.append(character)
    return "".join(parts)


_OPENERS = frozenset(left[0] for left, _ in _PAIRS)
NESTED = 1000
"""Characters up to which brackets within brackets are looked into: no short answer is longer."""


def _unwrap(text: str) -> str:
    if text[:1] not in _OPENERS:  # nearly every text
        return text
    for left, right in _PAIRS:
        inner = text[len(left) : -len(right)].strip()
        whole = text.startswith(left) and text.endswith(right) and inner
        if whole and ((left not in inner and right not in inner) or _around_all(text, left, right)):
            return inner
    return text


def _around_all(text: str, left: str, right: str) -> bool:
    """Whether the first bracket of a short text is closed by its last: `(artery (arsa))`, not `(a) or (b)`."""
    if left == right or len(text) > NESTED:
        return False
    depth = 0
    for at, character in enumerate(text, start=1):
        depth += (character == left) - (character == right)
        if depth == 0:
            return at == len(text)
    return False


def matches(answer: str, gold: str) -> bool:
    """Whether `answer` is `gold` under `em_v1`.  An empty answer never is."""
    return bool(normalise(answer)) and normalise(answer) == normalise(gold)


def is_closed(golds: Sequence[str]) -> bool:
    """Whether every right answer is yes or no."""
    return bool(golds) and all(normalise(gold) in YES_NO for gold in golds)


def yes_or_no(answer: str) -> str:
    """`yes` or `no` where the answer's first word says so, and does not say both; else an empty string."""
    text = normalise(answer)
    first = _FIRST.match(text)
    return first[1] if first and not _BOTH.match(text, first.end()) else ""
