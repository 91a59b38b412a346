"""With what a match of a regular expression may begin, read from its parse tree: a second opinion on `landmarks`."""

from __future__ import annotations

import re
from re import _constants as C  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from string import ascii_letters, digits
from typing import Any

from medgpt_cli.data.privacy.landmarks import CAPITAL, FIRST, LINE, NUMBER, ODD

State = tuple[str, bool, bool]
"""What was read so far, whether it may still grow, whether its first letter was a capital."""
_CATEGORIES = {
    C.CATEGORY_DIGIT: set(digits),
    C.CATEGORY_WORD: set(ascii_letters + digits + "_"),
    C.CATEGORY_SPACE: set(" \t\n"),
}
_ASCII = {chr(code) for code in range(128)}


def openings(pattern: re.Pattern[str]) -> set[tuple[str, bool]]:
    """(key, whether the first letter is a capital) of every way to begin; of what must be a capital the first letter.

    The key is as `landmarks` has it, `?` where a match begins with something that has no key, and ends in `*` where
    more letters may follow the pattern.
    """
    tree = parser.parse(pattern.pattern, pattern.flags)
    states = _sequence(tree, {("", True, False)}, ignore=bool(pattern.flags & re.IGNORECASE))
    return {(word + "*" * (grows and len(word) < FIRST), capital) for word, grows, capital in states}


def fits(opening: tuple[str, bool], keys: frozenset[str]) -> bool:
    """Whether every text that begins so has one of the keys there."""
    word, capital = opening
    if capital and CAPITAL in keys:
        return True
    if word.endswith("*"):
        return all(word[:-1] + more in keys for more in ("", *"abcdefghijklmnopqrstuvwxyz"))
    return word in keys


def _sequence(tree: Any, states: set[State], *, ignore: bool) -> set[State]:
    for op, value in tree:
        if op is C.LITERAL:
            states = _grown(states, {chr(value)}, ignore)
        elif op is C.IN:
            states = _grown(states, _members(value), ignore)
        elif op in (C.NOT_LITERAL, C.ANY):
            states = _grown(states, _ASCII, ignore)
        elif op is C.BRANCH:
            states = set().union(*(_sequence(each, states, ignore=ignore) for each in value[1]))
        elif op is C.SUBPATTERN:
            _, on, off, inner = value
            inside = (ignore or bool(on & re.IGNORECASE)) and not off & re.IGNORECASE
            states = _sequence(inner, states, ignore=inside)
        elif op in (C.MAX_REPEAT, C.MIN_REPEAT):
            states = _repeated(value, states, ignore)
        elif op is C.ASSERT and value[0] == 1:
            states = _followed(value[1], states)
        elif op is C.AT and value is C.AT_BEGINNING:
            states = {(word or LINE, bool(word) and grows, cap) for word, grows, cap in states}
        elif op not in (C.AT, C.ASSERT, C.ASSERT_NOT, C.GROUPREF):
            raise ValueError(op)
    return states


def _repeated(value: Any, states: set[State], ignore: bool) -> set[State]:
    least, most, inner = value
    found: set[State] = set()
    for count in range(min(most, least + FIRST) + 1):
        found |= states if count >= least else set()
        states = _sequence(inner, states, ignore=ignore)
    return found


def _followed(tree: Any, states: set[State]) -> set[State]:
    """A look ahead at one sign that is no letter ends a word."""
    signs = set("a")
    if len(tree) == 1:
        op, value = tree[0]
        signs = {chr(value)} if op is C.LITERAL else _members(value) if op is C.IN else signs
    if signs & set(ascii_letters):
        return states
    return {(word, grows and not word, cap) for word, grows, cap in states}


def _members(items: Any) -> set[str]:
    found: set[str] = set()
    for op, value in items:
        if op is C.LITERAL:
            found.add(chr(value))
        elif op is C.RANGE:
            found |= {chr(code) for code in range(value[0], value[1] + 1)}
        elif op is C.CATEGORY and value in _CATEGORIES:
            found |= _CATEGORIES[value]
        elif op is C.CATEGORY and value is C.CATEGORY_NOT_WORD:
            found |= _ASCII - _CATEGORIES[C.CATEGORY_WORD]
        elif op is C.CATEGORY and value is C.CATEGORY_NOT_SPACE:
            found |= _ASCII - _CATEGORIES[C.CATEGORY_SPACE]
        elif op is not C.NEGATE:
            raise ValueError(op)
    return _ASCII - found if items[0][0] is C.NEGATE else found


def _grown(states: set[State], signs: set[str], ignore: bool) -> set[State]:
    letters = signs & set(ascii_letters)
    whole = len(letters) == 26 and all(letter.isupper() for letter in letters) and not ignore
    if ignore:
        letters |= {letter.swapcase() for letter in letters}
    others = {sign for sign in signs if sign not in ascii_letters and not ODD.match(sign)}
    grown: set[State] = set()
    for word, grows, capital in states:
        if not grows:
            grown.add((word, grows, capital))
            continue
        if whole and not word:
            grown.add((CAPITAL, False, True))
            continue
        for letter in letters:
            longer = word + letter.lower()
            grown.add((longer, len(longer) < FIRST, capital if word else letter.isupper()))
        for other in others:
            key = NUMBER if other in digits else LINE if other == "\n" else "?"
            grown.add((word or key, False, capital))
    return grown
