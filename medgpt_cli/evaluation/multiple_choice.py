r"""Which letter a reply chose, profile `letters_v1`: ordered rules, no guessing.

    letter   the whole reply is one letter, however wrapped: `E`, `e.`, `(E)`, `**E**`, `\boxed{E}`
    cue      the last declaration: `Answer: E`, `the correct option is (E)`, `<answer>E</answer>`
    text     the whole reply is one option's text under `em_v1`
    leading  the first line starts with `E.`, `E)` or `E:`

The first rule that finds a letter decides.  Only the item's own letters count; a letter beside
*another* option's text is no answer, nor are two letters at once.  Everything else is unparsed and
counts as wrong: no similarity, no judge, no random letter.  The text stands before the leading letter
because `E. coli` is an organism, not option E; so a letter with a full stop and a lower-case word
after it is not taken either.

This module knows nothing of which letter is right.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from medgpt_cli.evaluation.exact_match import normalise

PROFILE = "letters_v1"

Options = Sequence[tuple[str, str]]
"""The item's options as (letter, text)."""

_MARKUP = re.compile(
    r"\\(?:boxed|text|mathrm|mathbf|textbf)(?![a-z])|</?(?:answer|choice)>", re.IGNORECASE
)
_OUTER = " \t\n()[]{}*_$`\"'“”‘’.:;,"
_WRAP = r"(?:[\s()\[\]{}*_$`\"'“”‘’]|\\(?:text|mathrm|mathbf|textbf)(?![a-z]))*"
_CLOSERS = re.compile(r"[)\]}*_$`\"'”’]*")
_LINKS = r"(?:(?:is|would be|should be|must be)(?!\w)|:|=|-*>|→)"
_ENDS = re.compile(r"\s+(?:[Bb]ecause|[Ss]ince|as|due to)(?!\w)|\s+[-–—(]|\s*<|\s*$|\.(?!\s*[a-z])")
_MENTION = re.compile(
    r"\s*(?:is|are|was|were|and|or|can|cannot|could|would|may|might|has)(?!\w)", re.IGNORECASE
)
_AND = r"\s*(?:,|/|&|\+|(?:or|and)(?!\w))\s*(?:(?:or|and)\s+)?"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was read from a reply.

    Attributes:
        letter: The item's letter as the item writes it; empty when nothing was found.
        rule: The rule that found it; empty when none did.
    """

    letter: str = ""
    rule: str = ""


def parse_choice(text: str, options: Options) -> Choice:
    """Reads the chosen letter from a reply by the rules above.

    Args:
        text: The reply a person would read (harmony: the final channel alone).
        options: The item's options.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    for rule, read in (
        ("letter", _bare),
        ("cue", _declared),
        ("text", _option_text),
        ("leading", _leading),
    ):
        letter = read(text, options)
        if letter:
            return Choice(letter, rule)
    return Choice()


def _bare(text: str, options: Options) -> str:
    core = _MARKUP.sub(" ", text).strip(_OUTER)
    return _spelled(core, options) if core else ""


def _declared(text: str, options: Options) -> str:
    """The last declaration wins: a model that corrects itself means the correction."""
    found = ""
    for match in _cues(text, options):
        tail = _tail(text, match.end("letter"))
        beside = _beside(tail, match["letter"], options)
        ends = "closed" in match.re.groupindex or not tail or tail[0] in ",;:!" or _ENDS.match(tail)
        if beside == "own" or (beside == "nothing" and ends):
            found = _spelled(match["letter"], options)
    return found


def _cues(text: str, options: Options) -> Iterator[re.Match[str]]:
    letter = rf"(?P<letter>{_letters(options)})(?!\w)"
    words = rf"(?:{_WRAP}(?:{_LINKS}|(?:option|choice|letter|the)(?!\w))){{0,6}}"
    linked = rf"(?<!\w)(?:answer|option|choice){_WRAP}{_LINKS}{words}{_WRAP}{letter}"
    boxed = rf"\\boxed\s*\{{{_WRAP}{letter}(?P<closed>[\s.)\]*_$}}]*\}})"
    # "Option A is wrong" declares nothing: without a link the line must end with the letter.
    begin = rf"^{_WRAP}(?:final )?(?:answer|option|choice)(?!\w){_WRAP}"
    line = rf"{begin}{letter}(?P<closed>[ \t.)\]}}*_$`\"'”’]*$)"
    found = [
        match
        for pattern in (linked, boxed, line)
        for match in re.finditer(pattern, text, re.IGNORECASE | re.MULTILINE)
    ]
    return iter(sorted(found, key=lambda match: match.end("letter")))


def _option_text(text: str, options: Options) -> str:
    answer = normalise(text)
    return next((letter for letter, option in options if answer and normalise(option) == answer), "")


def _leading(text: str, options: Options) -> str:
    first = text.partition("\n")[0]
    match = re.match(rf"{_WRAP}(?P<letter>{_letters(options)})[\]}}*_]*(?P<mark>[.):\]])", first)
    if not match:
        return ""
    tail = _tail(first, match.end("mark"))
    beside = _beside(tail, match["letter"], options)
    genus = match["mark"] == "." and re.match(r"\s*[a-z]", tail)
    label = beside == "nothing" and not genus and not _MENTION.match(tail)
    return match["letter"] if beside == "own" or label else ""


def _tail(text: str, at: int) -> str:
    """The rest of the line after the marks that close around a letter."""
    closed = _CLOSERS.match(text, at)
    return text[closed.end() if closed else at :].partition("\n")[0]


def _beside(tail: str, letter: str, options: Options) -> Literal["own", "other", "nothing"]:
    """Whether the rest of the line starts with the letter's own option or is another one."""
    if re.match(rf"{_AND}{_WRAP}(?:{_letters(options)})(?!\w)", tail):
        return "other"
    line = normalise(tail)
    own = {normalise(option) for label, option in options if label.casefold() == letter.casefold()}
    if line and line in {normalise(option) for _, option in options} - own:
        return "other"
    return "own" if line and any(option and line.startswith(option) for option in own) else "nothing"


def _letters(options: Options) -> str:
    return "|".join(re.escape(letter) for letter, _ in sorted(options, key=lambda o: -len(o[0])))


def _spelled(letter: str, options: Options) -> str:
    """The item's own spelling of a letter, or an empty string when the item has no such letter."""
    return next((label for label, _ in options if label.casefold() == letter.casefold()), "")
