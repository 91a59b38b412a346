"""A pattern tried only where it may begin finds what it finds in a search of the whole text."""

from __future__ import annotations

import random
import re
import sys

import pytest

from medgpt_cli.data.privacy import contacts, dates, name_patterns, name_sequences, numbers, places
from medgpt_cli.data.privacy.landmarks import CAPITAL, LINE, NUMBER, ODD, Anchored, has, landmarks
from tests.data.privacy.notes import generate
from tests.data.privacy.openings import fits, openings

MODULES = (contacts, dates, name_patterns, name_sequences, numbers, places)
ANCHORED = {
    f"{module.__name__.rpartition('.')[2]}.{name}": found
    for module in MODULES
    for name, found in vars(module).items()
    if isinstance(found, Anchored)
}
ODDITIES = [
    "é", "İ", "ı", "ſ", "\u212a", "²", "µg ", "–", "’s ", "É", "Łukasz ", "St. ", "de la ", "\n", "\t", "|", "x-",
    "& General Hospital ", "1", "-", "/", "(", ")", ":", " ", "  ", "0", "A", "a", "_", "<<", "@", "www.", "://",
    ".com/", "MRN", "SN", "DL", "F: ", "T:", "ph", "١٢", "ABC", "12/3 ", "e-signed: ", "mr#", "ss# ", "p.o. box 1",
]  # fmt: skip


def _texts() -> list[str]:
    """Whole notes, their words in any order, and pieces of them with signs put in, left out and turned."""
    draw = random.Random(0)
    notes = [note.text for part in ("development", "heldout") for note in generate.notes(part, 2, 1)]
    pieces = [piece for note in notes for piece in re.findall(r"\S+\s*", note)]
    texts = list(notes)
    for _ in range(400):
        texts.append(
            "".join(draw.choice(ODDITIES if draw.random() < 0.2 else pieces) for _ in range(20))
        )
        note = draw.choice(notes)
        start = draw.randrange(len(note))
        signs = list(note[start : start + draw.randrange(10, 300)])
        for _ in range(draw.randrange(6)):
            signs.insert(draw.randrange(len(signs) + 1), draw.choice(ODDITIES))
            del signs[draw.randrange(len(signs))]
        text = "".join(signs)
        texts.append(draw.choice((text, text, text.upper(), text.lower())))
    return texts


TEXTS = _texts()


@pytest.mark.parametrize("name", ANCHORED)
def test_finds_what_a_search_of_the_whole_text_finds(name: str) -> None:
    anchored = ANCHORED[name]
    for text in TEXTS:
        assert [m.span() for m in anchored.finditer(text)] == [
            m.span() for m in anchored.pattern.finditer(text)
        ], name


@pytest.mark.parametrize("name", [name for name, each in ANCHORED.items() if each.keys])
def test_every_way_a_match_may_begin_is_among_its_keys(name: str) -> None:
    anchored = ANCHORED[name]
    assert [each for each in openings(anchored.pattern) if not fits(each, anchored.keys)] == []


def test_what_equals_an_ascii_letter_where_case_is_ignored_is_odd() -> None:
    letter = re.compile("(?i)[a-z]")
    same = [chr(code) for code in range(128, sys.maxunicode + 1) if letter.match(chr(code))]
    assert same
    assert all(ODD.match(sign) for sign in same)


def test_landmarks_of_a_text() -> None:
    assert landmarks("Patient Ab, 12x\n34 pt") == {
        LINE: [0, 15], "pat": [0], CAPITAL: [0, 8], "ab": [8], NUMBER: [12, 16], "x": [14], "pt": [19],
    }  # fmt: skip
    assert landmarks("Éva") is None
    assert has("Éva", NUMBER)
    assert not has("ab", CAPITAL)


def test_matches_everywhere_overlap_and_those_of_a_search_do_not() -> None:
    pairs = Anchored(re.compile(r"(?<![a-z])[a-z]+ [a-z]+"), opens="one two thr")
    assert [m[0] for m in pairs.finditer("one two three")] == ["one two"]
    assert [m[0] for m in pairs.everywhere("one two three")] == ["one two", "two three"]
    assert [m.start() for m in pairs.everywhere("one É two three")] == [6]


def test_a_pattern_whose_need_is_not_met_finds_nothing() -> None:
    with_need = Anchored(re.compile("a+"), needs="b")
    assert list(with_need.finditer("aaa")) == []
    assert [m[0] for m in with_need.finditer("aaab")] == ["aaa"]
