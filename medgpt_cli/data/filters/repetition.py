"""Texts that repeat themselves, or are mostly symbols: what a broken generator, scanner or table leaves behind.

Repetition is measured in the manner of Gopher's quality rules (arXiv 2112.11446): the share of words inside a 5-gram
that occurs more than once.  The bound is loose, because normal reports repeat "there is no evidence of".
"""

from __future__ import annotations

import re
from collections import Counter

from medgpt_cli.core.types import Sample
from medgpt_cli.data.filters.filter import Filter
from medgpt_cli.data.filters.wording import learnt, words

GRAM = 5
MIN_WORDS = 15
"""Words below which a share of repeated ones says nothing."""
REPEATED = 0.5
"""Share of words in repeated 5-grams from which a text repeats itself."""
MIN_CHARACTERS = 20
SYMBOLS = 0.4
"""Share of characters, blanks left out, that are neither letter nor digit, from which a text is mostly symbols."""

_SAME_LETTER = re.compile(r"([^\W\d_])\1{9,}")
_RULER = re.compile(r"([\W_])\1{7,}")
"""A line drawn with one symbol, which counts as one symbol."""
_SAME_WORD = re.compile(r"(?i)\b(\w+)(?:\W+\1\b){4,}")


def repetition() -> Filter:
    """Objects to texts that repeat themselves, or are mostly symbols."""

    def judge(sample: Sample) -> str:
        text = learnt(sample)
        if _SAME_LETTER.search(text) or _SAME_WORD.search(text) or repeated_share(text) >= REPEATED:
            return "repeats itself"
        solid = _RULER.sub(r"\1", "".join(text.split()))
        symbols = sum(not character.isalnum() for character in solid)
        if len(solid) >= MIN_CHARACTERS and symbols >= SYMBOLS * len(solid):
            return "mostly symbols"
        return ""

    return Filter("repetition", judge)


def repeated_share(text: str) -> float:
    """Share of words that stand in a 5-gram that occurs more than once; 0 for a short text."""
    found = words(text)
    if len(found) < MIN_WORDS:
        return 0.0
    grams = [tuple(found[at : at + GRAM]) for at in range(len(found) - GRAM + 1)]
    often = {gram for gram, count in Counter(grams).items() if count > 1}
    inside = {at + step for at, gram in enumerate(grams) if gram in often for step in range(GRAM)}
    return len(inside) / len(found)
