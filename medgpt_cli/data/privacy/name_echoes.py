"""A name that was announced once, found wherever its parts come back: *Patient: John Smith ... Smith denies pain*.

Knows nothing of how a name is announced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.lexicon import is_credential, is_eponym, is_word
from medgpt_cli.data.privacy.shapes import START, WORD, is_particle, tokens

MOST = 200
"""Different words looked for in one text; a text with more names than that is a list, and has labels."""
_WORDS = re.compile(START + WORD)
_POSSESSIVE = re.compile(r"['’][sS]$")
_SUBJECT_OF = re.compile(
    r"(?:'s)?[ ,]+(?:\w{1,12} )?(?:reports?|states?|denies|denied|c/o|complain\w*|is|was|has|had|"
    r"lives|works|feels|felt|says|"
    r"said|tolerated|underwent|will|did|does|seen|came|called|presents|presented|developed)\b"
)
_NOUN_AFTER = re.compile(
    r"(?:['’]s)?[ -](?:catheter|cyst|disease|syndrome|sign|test|score|scale|drain|line|node|tube|"
    r"procedure|operation|"
    r"fracture|lymphoma|body|bodies|hernia|criteria|classification|grade|reflex|phenomenon|palsy|"
    r"duct|lobe|grafts?)\b"
)


def find_echoes(text: str, names: Iterable[Finding]) -> Iterator[Finding]:
    """Parts of the names given, elsewhere in the text, in title case or capitals.

    Args:
        text: The text.
        names: Names that something announced; those found by their words alone are better left out.
    """
    known: list[tuple[int, int]] = []
    words: dict[str, None] = {}
    for name in names:
        known.append((name.start, name.end))
        for token, _, _ in tokens(text, name.start, name.end):
            word = _POSSESSIVE.sub("", token.rstrip("."))
            usable = (
                len(word) > 1 and not is_particle(word) and not (is_credential(word) and word.isupper())
            )
            if usable:
                words.setdefault(word.casefold())
    if not words or len(words) > MOST:
        return
    known.sort()
    upcoming = 0
    for found in _WORDS.finditer(text):
        while upcoming < len(known) and known[upcoming][1] <= found.start():
            upcoming += 1
        word, start = _POSSESSIVE.sub("", found[0]), found.start()
        end = start + len(word)
        if word.casefold() not in words:
            continue
        if upcoming < len(known) and known[upcoming][0] <= start:
            continue
        if is_word(word) or len(word) == 2:
            shouted = word.isupper() and len(word) > 2
            before = text[max(0, start - 40) : start].rstrip(" \t")
            begins = not before or (before[-1] in ".!?:\n" and not before.endswith("Subject:"))
            if shouted or (begins and not _SUBJECT_OF.match(text, end)):
                continue
        if is_eponym(word) and _NOUN_AFTER.match(text, end):
            continue
        yield Finding(Identifier.NAME, start, end, "name found elsewhere in the text", sure=False)
