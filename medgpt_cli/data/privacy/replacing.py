"""A text with every identifier that was found replaced by its stand-in.

Names found with certainty are looked for again in the whole text, since a report that opens with "SMITH, JOHN" goes on
with "Mr. Smith".  What finds identifiers is handed in.  This module knows nothing of records or files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from medgpt_cli.data.privacy.findings import Finding, Identifier, settle
from medgpt_cli.data.privacy.standins import StandIns

Find = Callable[[str], list[Finding]]

SHORTEST = 4
"""Letters a name needs to be looked for elsewhere: "Li" and "Ho" stand in too many words."""
ROUNDS = 3
"""Times a text is read again for what only its stand-ins brought to light."""
_NAME_WORD = re.compile(rf"[^\W\d_]{{{SHORTEST},}}")


@dataclass
class Replaced:
    """A text without its identifiers.

    Attributes:
        text: The new text.
        spans: Where stand-ins stand in it, as (start, end), in order.
        counts: Identifiers replaced, by class.
        left: What is still found with certainty outside of stand-ins.
    """

    text: str
    spans: list[tuple[int, int]] = field(default_factory=list)
    counts: Counter[Identifier] = field(default_factory=Counter)
    left: list[Finding] = field(default_factory=list)


def names_in(texts: Iterable[str], find: Find) -> frozenset[str]:
    """The words of names that were found with certainty, to be looked for in all the texts of a record."""
    return frozenset(
        word
        for text in texts
        for found in find(text)
        if found.sure and found.identifier is Identifier.NAME
        for word in _NAME_WORD.findall(text[found.start : found.end])
    )


def replace(
    text: str,
    patient: str,
    standins: StandIns,
    find: Find,
    *,
    known: Iterable[tuple[Identifier, str]] = (),
) -> Replaced:
    """Replaces what `find` finds, and what is known to identify.

    Args:
        text: Any text.
        patient: Whose it is.
        standins: Draws the stand-ins.
        find: Finds identifiers in a text.
        known: Values with their class that are replaced wherever they stand as a whole word.
    """
    new = _replaced(Replaced(text), settle([*find(text), *_known(text, known)]), patient, standins)
    for _ in range(ROUNDS):
        # A stand-in may tell the rules what its neighbour is: "Tel 555-0142 / 4711" reads like two numbers.
        if not (left := left_over(new, find)):
            return new
        new = _replaced(new, left, patient, standins)
    new.left = left_over(new, find)
    return new


def _replaced(old: Replaced, findings: list[Finding], patient: str, standins: StandIns) -> Replaced:
    """The text with more stand-ins; those it has already stay, wherever they move to."""
    new = Replaced("", counts=old.counts)
    pieces: list[str] = []
    last = length = 0
    kept = [(start, end, old.text[start:end]) for start, end in old.spans]
    drawn = []
    for found in findings:
        original = old.text[found.start : found.end]
        drawn.append((found.start, found.end, standins.of(found.identifier, original, patient)))
        new.counts[found.identifier] += 1
    for start, end, standin in sorted(kept + drawn):
        length += start - last
        new.spans.append((length, length + len(standin)))
        pieces += [old.text[last:start], standin]
        length += len(standin)
        last = end
    new.text = "".join(pieces) + old.text[last:]
    return new


def left_over(new: Replaced, find: Find) -> list[Finding]:
    """What is found with certainty in the new text outside of stand-ins."""
    return [
        found
        for found in find(new.text)
        if found.sure and not any(start < found.end and found.start < end for start, end in new.spans)
    ]


def _known(text: str, known: Iterable[tuple[Identifier, str]]) -> Iterable[Finding]:
    for identifier, value in known:
        if value in text or value.upper() in text:
            for match in re.finditer(
                rf"(?<!\w)(?:{re.escape(value)}|{re.escape(value.upper())})(?!\w)", text
            ):
                yield Finding(identifier, match.start(), match.end(), "known elsewhere", True)
