"""Names by the words they are made of: a given name and a surname side by side, or an initial and a surname.

A word that is also an ordinary word or an eponym counts as half a name: two halves are none, so neither *Will Continue*
nor *Foley catheter* is found, while *Grace Thompson* is.  Always doubtful: nothing announced a name here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.landmarks import CAPITAL, Anchored, has
from medgpt_cli.data.privacy.lexicon import is_credential, is_eponym, is_given, is_surname, is_word
from medgpt_cli.data.privacy.shapes import INITIAL, LETTER, PARTICLES, PIECE, START, UPPER, WORD

RUN = Anchored(
    re.compile(rf"{START}(?P<first>{WORD}) (?:(?P<middle>{INITIAL}) )?(?={PIECE})"), opens=CAPITAL
)
LAST = re.compile(PIECE)
SECOND = re.compile(rf" (?={WORD})")
TURNED = Anchored(
    re.compile(rf"{START}(?P<last>{PIECE}), ?(?P<first>{WORD})(?: {INITIAL})?"),
    opens=f"{CAPITAL} {PARTICLES}".replace(".", ""),
    needs=f", ?[{UPPER}]",
)
SHORTENED = Anchored(
    re.compile(rf"{START}(?![AI] )(?:{INITIAL} ?){{1,2}}(?P<last>{PIECE})"),
    opens=CAPITAL,
)
CUT = Anchored(
    re.compile(rf"{START}(?P<first>{WORD}) [A-Z]\.(?=[\s)\],;.]|$)"), opens=CAPITAL, needs=r" [A-Z]\."
)
_LED = re.compile(
    r"(?:\b(?i:by|with|from|to|for|and|saw|called|met|per|named|is|concern:|cc:?|son|contact)|[|,;:]) ?$"
)
"""What leads to a person: two halves behind it make a name."""
_DOES = (
    r"(?:'s | (?:reports?|states?|denies|denied|c/o|complain\w{1,4}|says|said|endorses|presents|presented|tolerated|"
    r"verbali[sz]ed|was (?:admitted|seen|discharged|hospitali[sz]ed|born)|lives|works|feels|felt|"
    r"at (?:the )?bedside|called|aware|visiting|arrived|underwent|developed|is (?:a|an) )\b)"
)
SUBJECT = Anchored(
    re.compile(rf"(?:^|[.!?:\n-][ \t]{{0,4}}|\d{{4}} )(?P<first>{WORD})(?={_DOES})"), needs=_DOES
)


_SAYS = re.compile(r" (?:reports|denies|c/o|complains|says|endorses|at (?:the )?bedside|visiting)\b")


def find_sequences(text: str) -> Iterator[Finding]:
    """Names that nothing announces."""
    if not has(text, CAPITAL):
        return
    position = 0
    for found in RUN.everywhere(text):
        if found.start() < position:
            continue
        position = found.end("first")
        last = LAST.match(text, found.end())
        if last and _pair(
            found["first"],
            last[0],
            led=_LED.search(text, max(0, found.start() - 12), found.start()) is not None,
        ):
            end = last.end()
            more = SECOND.match(text, end) and LAST.match(text, end + 1)
            if more and is_surname(_surname(more[0])) and not _half(_surname(more[0])):
                end = more.end()
            yield _finding(found.start(), _unpossessive(text, end), "given name and surname")
            position = end
    for found in TURNED.finditer(text):
        first = found["first"]
        if len(first) == 2 and first.isupper() and not found["last"].isupper():
            continue  # Worcester, MA
        if (
            is_given(first)
            and is_surname(_surname(found["last"]))
            and _pair(first, found["last"], led=False)
        ):
            yield _finding(*found.span(), "surname and given name")
    for found in SHORTENED.finditer(text):
        name = found["last"]
        known = is_surname(_surname(name)) and not _half(_surname(name)) and len(_surname(name)) > 2
        led = (
            is_surname(_surname(name))
            and _LED.search(text, max(0, found.start() - 12), found.start()) is not None
        )
        if known or led or (" " in name and is_surname(_surname(name))):
            yield _finding(found.start(), _unpossessive(text, found.end()), "initial and surname")
    for found in CUT.finditer(text):
        if is_given(found["first"]) and not _half(found["first"]):
            yield _finding(*found.span(), "given name and initial")
    for found in SUBJECT.finditer(text):
        first = found["first"]
        known = is_given(first) or is_surname(first)
        human = _SAYS.match(text, found.end()) is not None
        if (known and not _half(first)) or (human and not is_word(first)) or (human and is_given(first)):
            yield _finding(*found.span("first"), "name as a subject")


def _pair(first: str, piece: str, *, led: bool) -> bool:
    last = _surname(piece)
    if is_credential(last) and last.isupper():
        return False
    half_first, half_last = _half(first), _half(last)
    if is_given(first) and is_surname(last):
        return (
            led
            or not half_first
            or not half_last
            or (is_eponym(last) and not is_word(last) and not is_eponym(first))
        )
    if is_given(first) and not half_first and len(first) > 2:
        # A surname that no list has: only in title case, where a sentence would go on in small letters.
        return not half_last and not last.isupper() and len(last) > 2
    return " " in piece and is_surname(last) and not half_first


def _surname(piece: str) -> str:
    """The last word of a surname, without its particles and its 's."""
    return re.sub(rf"['’][sS]$|[^{LETTER}'’-]", "", piece.rpartition(" ")[2])


def _half(word: str) -> bool:
    return is_word(word) or is_eponym(word)


def _unpossessive(text: str, end: int) -> int:
    return end - 2 if text[max(0, end - 2) : end] in {"'s", "’s", "'S"} else end


def _finding(start: int, end: int, rule: str) -> Finding:
    return Finding(Identifier.NAME, start, end, rule, sure=False)
