"""Where in a text a pattern can begin at all: a pattern is tried at the words it may open with, and nowhere else.

One walk over a text notes where words, numbers and lines begin, by the first letters of the word; a pattern that opens
with one of some words is then matched only there, and finds exactly what a search of the whole text would.  That is
most of the speed of `find_text`, since nearly every pattern opens with a label that a text has not.  Texts with
letters that fold or count differently are searched as a whole.  This module knows nothing of what is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from string import ascii_lowercase

from medgpt_cli.data.privacy.shapes import UPPER

CAPITAL, NUMBER, LINE = "A", "0", "^"
"""Keys of words that begin with a capital letter, of numbers, and of lines."""
FIRST = 3
"""Letters of a word that are its key."""
ODD = re.compile(f"[{UPPER.removeprefix('A-Z')}ıſ\u212a]")
"""Capitals beyond ASCII, and what equals an ASCII letter where case is ignored."""

_RUN = re.compile(r"[A-Za-z]+|\d+|\n")

Places = dict[str, list[int]]


@lru_cache(maxsize=2)
def landmarks(text: str) -> Places | None:
    """Offsets by key, ascending: runs of ASCII letters by their first letters in lower case, and the keys above.

    None for a text that has to be searched as a whole.
    """
    if not text.isascii() and ODD.search(text):
        return None
    places: Places = {LINE: [0]}
    for found in _RUN.finditer(text):
        start = found.start()
        first = text[start]
        if first >= "a" and first <= "z":
            key = found[0][:FIRST].lower()
        elif first >= "A" and first <= "Z":
            key = found[0][:FIRST].lower()
            places.setdefault(CAPITAL, []).append(start)
        else:
            key = LINE if first == "\n" else NUMBER
        if key in places:
            places[key].append(start)
        else:
            places[key] = [start]
    return places


def has(text: str, key: str) -> bool:
    """Whether something with that key may be in a text."""
    places = landmarks(text)
    return places is None or key in places


class Anchored:
    """A pattern with what must be there for it to match.

    Args:
        pattern: What is looked for.
        opens: The keys with which a match may begin, between spaces: `pat` for words that begin so, `pt` for that word
            alone, `dl*` for words that begin with fewer than three given letters, and `CAPITAL`, `NUMBER` or `LINE`;
            empty where that cannot be told.
        needs: Found in every text in which the pattern is.
    """

    def __init__(self, pattern: re.Pattern[str], opens: str = "", needs: str = "") -> None:
        self.pattern = pattern
        self.keys = frozenset(key for word in opens.split() for key in _spelt_out(word))
        self.needs = re.compile(needs) if needs else None

    def finditer(self, text: str) -> Iterable[re.Match[str]]:
        """What `re.Pattern.finditer` gives."""
        places = landmarks(text)
        if places is not None and self.keys and self.keys.isdisjoint(places):
            return ()
        if self.needs is not None and self.needs.search(text) is None:
            return ()
        if places is None or not self.keys:
            return self.pattern.finditer(text)
        return self._apart(text, self._candidates(places))

    def everywhere(self, text: str) -> Iterator[re.Match[str]]:
        """The match at every place where there is one, those that overlap included."""
        places = landmarks(text)
        for start in range(len(text)) if places is None else self._candidates(places):
            if found := self.pattern.match(text, start):
                yield found

    def _candidates(self, places: Places) -> list[int]:
        own = [places[key] for key in self.keys.intersection(places)]
        return own[0] if len(own) == 1 else sorted(start for starts in own for start in starts)

    def _apart(self, text: str, starts: list[int]) -> Iterator[re.Match[str]]:
        match, end = self.pattern.match, 0
        for start in starts:
            if start >= end and (found := match(text, start)):
                yield found
                end = found.end()


def _spelt_out(word: str) -> list[str]:
    if not word.endswith("*"):
        return [word]
    begun = [word[:-1]]
    for _ in range(FIRST - len(begun[0])):
        begun += [stem + letter for stem in begun for letter in ascii_lowercase]
    return list(dict.fromkeys(begun))
