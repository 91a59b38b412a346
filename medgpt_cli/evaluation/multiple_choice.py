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

Reading takes time in proportion to the reply's length, whatever stands in it.  This module knows
nothing of which letter is right, nor of a model's thinking: it is handed what a person would read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from medgpt_cli.evaluation.exact_match import normalise

PROFILE = "letters_v1"

Options = Sequence[tuple[str, str]]
"""The item's options as (letter, text)."""

_MARKUP = re.compile(
    r"\\(?:boxed|text|mathrm|mathbf|textbf)(?![a-z])|</?(?:answer|choice)>", re.IGNORECASE
)
_OUTER = " \t\r\n()[]{}*_$`\"'“”‘’.:;,!\\…。、\u200b\u2060\ufeff"
_QUOTES = r"""*_$`"'“”‘’"""
_TEX = r"\\(?:text|mathrm|mathbf|textbf)(?![a-z])|\\[()\[\]]"
_WRAP = rf"(?:[\s()\[\]{{}}{_QUOTES}]|{_TEX})*"
_WRAP_IN_LINE = rf"(?:[ \t()\[\]{{}}{_QUOTES}]|{_TEX})*"
_CLOSERS = re.compile(r"""(?:\\?[)\]}]|[*_$`"'”’])*""")
_LINKS = r"(?:(?:is|would be|should be|must be)(?!\w)|:|=|-*>|→)"
_ENDS = re.compile(
    r"[,;:!…。、]|\s+(?:[Bb]ecause|[Ss]ince|as|due to)(?!\w)|\s+[-–—(]|\s*<|\s*$|\.(?!\s*[a-z])"
)
_MENTION = re.compile(
    r"\s*(?:is|are|was|were|and|or|can|cannot|could|would|may|might|has)(?!\w)", re.IGNORECASE
)
_AND = r"\s*(?:,|/|&|\+|(?:or|and)(?!\w))\s*(?:(?:or|and)\s+)?"
_ALONE = r"(?!\w|[.,]\d)"
"""After a letter: neither a word nor a number goes on."""

_BESIDE = 200
"""Characters after a letter, beyond twice the longest option, that may still say whose it is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was read from a reply.

    Attributes:
        letter: The item's letter as the item writes it; empty when nothing was found.
        rule: The rule that found it; empty when none did.
        span: Where in the reply it stands, as (start, end) in characters; (0, 0) when nowhere.
    """

    letter: str = ""
    rule: str = ""
    span: tuple[int, int] = (0, 0)


def parse_choice(text: str, options: Options) -> Choice:
    """Reads the chosen letter from a reply by the rules above.

    Args:
        text: The reply a person would read (harmony: the final channel alone).
        options: The item's options.
    """
    text, known = _narrowed(text), _Known(options)
    for rule, read in (
        ("letter", _bare),
        ("cue", _declared),
        ("text", _option_text),
        ("leading", _leading),
    ):
        span = read(text, known)
        letter = known.letter(text, span, rule)
        if letter:
            return Choice(letter, rule, span)
    return Choice()


Span = tuple[int, int]
_NOWHERE = (0, 0)


class _Known:
    """What the item offers, prepared once for a reply."""

    def __init__(self, options: Options) -> None:
        self.labels = {label.casefold(): label for label, _ in reversed(options)}
        self.texts = [(label, normalise(text)) for label, text in options]
        longest_first = sorted((label for label, _ in options), key=len, reverse=True)
        self.pattern = "|".join(map(re.escape, longest_first)) or r"(?!)"
        self.reach = _BESIDE + 2 * max((len(text) for _, text in options), default=0)

    def letter(self, text: str, span: Span, rule: str) -> str:
        """The item's own spelling of what stands there, or an empty string when it is none of its letters."""
        if span == _NOWHERE:
            return ""
        said = text[slice(*span)]
        return self.of_text(said) if rule == "text" else self.labels.get(said.casefold(), "")

    def of_text(self, said: str) -> str:
        """The letter whose whole text this is; the first of several equal ones."""
        answer = normalise(said)
        return next((label for label, option in self.texts if answer and option == answer), "")


def _bare(text: str, known: _Known) -> Span:
    blank = _MARKUP.sub(lambda markup: " " * len(markup[0]), text)
    return _stripped(blank, _OUTER)


def _declared(text: str, known: _Known) -> Span:
    """The last declaration wins: a model that corrects itself means the correction."""
    letter = rf"(?P<letter>{known.pattern}){_ALONE}"
    words = rf"(?:{_WRAP}(?:{_LINKS}|(?:option|choice|letter|the)(?!\w))){{0,6}}"
    linked = rf"(?<!\w)(?:answer|option|choice){_WRAP}{_LINKS}{words}{_WRAP}{letter}"
    boxed = rf"\\boxed\s*\{{{_WRAP}{letter}(?P<closed>[\s.)\]*_$}}]*\}})"
    # "Option A is wrong" declares nothing: without a link the line must end with the letter.
    begin = rf"^{_WRAP_IN_LINE}(?:final )?(?:answer|option|choice)(?!\w){_WRAP}"
    line = rf"{begin}{letter}(?P<closed>[ \t.)\]}}*_$`\"'”’]*$)"
    cues = [
        match
        for pattern in (linked, boxed, line)
        for match in re.finditer(pattern, text, re.IGNORECASE | re.MULTILINE)
    ]
    for cue in sorted(cues, key=lambda cue: cue.end("letter"), reverse=True):
        tail = _tail(text, cue.end("letter"), known)
        beside = _beside(tail, cue["letter"], known)
        ends = "closed" in cue.re.groupindex or _ENDS.match(tail)
        if beside == "own" or (beside == "nothing" and ends):
            return cue.span("letter")
    return _NOWHERE


def _option_text(text: str, known: _Known) -> Span:
    return _stripped(text)


def _leading(text: str, known: _Known) -> Span:
    begin, _ = _stripped(text)
    letter = re.compile(rf"{_WRAP_IN_LINE}(?P<letter>{known.pattern})[\]}}*_]*(?P<mark>[.):\]])(?!\d)")
    match = letter.match(text, begin)
    if not match:
        return _NOWHERE
    tail = _tail(text, match.end("mark"), known)
    beside = _beside(tail, match["letter"], known)
    genus = match["mark"] == "." and re.match(r"\s*[a-z]", tail)
    label = beside == "nothing" and not genus and not _MENTION.match(tail)
    return match.span("letter") if beside == "own" or label else _NOWHERE


def _stripped(text: str, marks: str | None = None) -> Span:
    """Where the text stands without the marks around it."""
    start = len(text) - len(text.lstrip(marks))
    return start, start + len(text.strip(marks))


def _tail(text: str, at: int, known: _Known) -> str:
    """The rest of the line after the marks that close around a letter, as far as it can matter."""
    closed = _CLOSERS.match(text, at)
    start = closed.end() if closed else at
    return text[start : start + known.reach].partition("\n")[0]


def _beside(tail: str, letter: str, known: _Known) -> Literal["own", "other", "nothing"]:
    """Whether the rest of the line starts with the letter's own option or is another one."""
    if re.match(rf"{_AND}{_WRAP}(?:{known.pattern}){_ALONE}", tail):
        return "other"
    line, folded = normalise(tail), letter.casefold()
    own = {option for label, option in known.texts if label.casefold() == folded}
    if line and line in {option for _, option in known.texts} - own:
        return "other"
    return "own" if line and any(option and line.startswith(option) for option in own) else "nothing"


def _narrowed(text: str) -> str:
    """Full-width letters and marks as plain ones, every character staying in its place."""
    return text if text.isascii() else "".join(map(_narrow, text))


@lru_cache(4096)
def _narrow(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 else character
