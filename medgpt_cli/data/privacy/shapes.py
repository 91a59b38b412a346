"""The pieces that patterns are made of: letters, and a person's name as it is written.

Every repetition is bounded, so that a pattern costs about the same per character whatever the text.  This module
knows nothing of what a name stands next to.
"""

from __future__ import annotations

import re

_LATIN = [chr(code) for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))]
UPPER = "A-Z" + "".join(sign for sign in _LATIN if sign.isupper())
LETTER = "A-Za-z" + "".join(sign for sign in _LATIN if sign.isalpha())

START = rf"(?<![{LETTER}\d'’-])"
"""Not in the middle of a word."""
END = rf"(?![{LETTER}\d])"
WORD = rf"[{UPPER}](?:[{LETTER}]|['’-](?=[{LETTER}])){{0,24}}"
"""A capitalised word: Smith, McAllister, O'Brien, Garcia-Lopez, SMITH."""
INITIAL = rf"[{UPPER}](?:\.|(?![{LETTER}\d'’-]))"
PARTICLES = "de da di do du dos del den der des van von la las le los ter ten bin ibn abu al el y st."
"""Words of a surname in small letters."""
PARTICLE = "(?:" + "|".join(re.escape(p) for p in PARTICLES.split()) + ")"
PARTICLE = rf"(?:(?i:{PARTICLE})(?= ))"
PIECE = rf"(?:{PARTICLE} ){{0,3}}{WORD}"
"""A given name or a surname, its particles with it: de la Cruz, van der Berg, St. Clair."""
FULL = rf"(?:(?:{INITIAL} ?){{1,2}}{PIECE}|{PIECE})(?: (?:{INITIAL}|{PIECE})){{0,3}}"
"""First Middle Last, in any number of pieces up to four."""
COMMA = rf"{PIECE}(?: {PIECE})?, ?{WORD}(?: (?:{INITIAL}|{WORD}))?"
"""Last, First Middle."""
NAME = rf"(?:{COMMA}|{FULL})"
_TOKEN = re.compile(rf"[{LETTER}][{LETTER}'’-]*\.?|\d+")
_PARTICLE = frozenset(PARTICLES.split())


def tokens(text: str, start: int, end: int) -> list[tuple[str, int, int]]:
    """The words between two offsets, as (word, start, end)."""
    return [(found[0], *found.span()) for found in _TOKEN.finditer(text, start, end)]


def is_particle(token: str) -> bool:
    """A word that belongs to the surname after it."""
    return token.casefold() in _PARTICLE
