"""Names by what stands beside them: a label, a title, a degree, a relation, a greeting, a signature.

The layer over it (`name_sequences`) finds names by the words they are made of, `name_echoes` finds them again.  This
module knows nothing of other identifiers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from medgpt_cli.data.privacy import name_patterns as patterns
from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.landmarks import CAPITAL, has
from medgpt_cli.data.privacy.lexicon import (
    is_credential,
    is_end,
    is_eponym,
    is_given,
    is_surname,
    is_word,
)
from medgpt_cli.data.privacy.shapes import is_particle, tokens


def find_names(text: str) -> Iterator[Finding]:
    """Names that something beside them announces."""
    if has(text, CAPITAL):
        yield from _in_capitals(text)
    for found in patterns.LOWER.finditer(text):
        if span := _lower(
            text, *found.span("name"), labelled=patterns.MEANT.search(found[0]) is not None
        ):
            yield _finding(span, "name in small letters")


def _in_capitals(text: str) -> Iterator[Finding]:
    for found in patterns.LABELLED.finditer(text):
        span = _name(text, *found.span("name"), strict=False)
        if span and _possible(text, *span):
            sure = found["subject"] is not None and _likely(text, *span)
            yield _finding(span, "labelled patient name" if sure else "labelled name", sure)
    for found in patterns.BARE.finditer(text):
        span = _name(text, *found.span("name"), strict=True)
        if span and found["subject"] is None and is_eponym(text[slice(*span)]):
            continue  # from Bowman's capsule, to Schwalbe's line
        if span and (_likely(text, *span) or _sole(text, *span)):
            sure = found["subject"] is not None and len(tokens(text, *span)) > 1
            yield _finding(span, "labelled patient name" if sure else "labelled name", sure)
    for found in patterns.TITLED.finditer(text):
        for group in ("name", "second"):
            if found[group] and (span := _name(text, *found.span(group), strict=False)):
                yield _finding(span, "name behind a title")
    for found in patterns.DEGREED.finditer(text):
        span = _name(text, *found.span("name"), strict=True)
        if span and (_likely(text, *span) or (found["comma"] and len(tokens(text, *span)) > 1)):
            yield _finding(span, "name before a degree")
    for pattern, rule in (
        (patterns.RELATED, "name of a relative"),
        (patterns.RELATED_AFTER, "name of a relative"),
        (patterns.GREETED, "name in a greeting"),
        (patterns.CLOSED, "name under a letter"),
    ):
        for found in pattern.finditer(text):
            if span := _name(text, *found.span("name"), strict=pattern is patterns.RELATED_AFTER):
                yield _finding(span, rule)
    for found in patterns.TOLD.finditer(text):
        span = _name(text, *found.span("name"), strict=False)
        if span and _possible(text, *span):
            yield _finding(span, "name of somebody spoken to")
    for found in itertools.chain(
        patterns.STATED.finditer(text),
        patterns.BEFORE_ADDRESS.finditer(text) if "<" in text and "@" in text else (),
    ):
        if span := _name(text, *found.span(found.lastgroup or "one"), strict=False):
            yield _finding(span, "name in a signature")
    for found in patterns.SIGNED_OFF.finditer(text):
        if not is_word(found["name"]):
            yield _finding(found.span("name"), "initials")
    for found in patterns.INITIALS.finditer(text):
        yield _finding(found.span("name"), "initials")
    for found in patterns.HEADING.finditer(text):
        last, _, first = found["name"].partition(",")
        if is_surname(last.split()[-1]) and is_given(first.split()[0]):
            yield _finding(found.span("name"), "name heading a line")
    for found in patterns.ALONE.finditer(text):
        name = found["name"]
        if is_given(name) and (not is_word(name) or any(patterns.GREETED.finditer(text))):
            yield _finding(found.span("name"), "name alone on its line")


def _finding(span: tuple[int, int], rule: str, sure: bool = False) -> Finding:
    return Finding(Identifier.NAME, *span, rule, sure)


def _name(text: str, start: int, end: int, *, strict: bool) -> tuple[int, int] | None:
    """What of a run of capitalised words is the name; None where none of it can be.

    Args:
        text: The whole text.
        start: Where the run begins.
        end: Where it ends.
        strict: Ordinary words in front are dropped, since nothing announced a name there.
    """
    kept: list[tuple[str, int, int]] = []
    shouted = text[start:end].isupper()
    comma = "," in text[start:end]
    for token in tokens(text, start, end):
        plain = token[0].rstrip(".")
        if is_end(plain) or (len(kept) > 1 and is_credential(plain) and plain.isupper()):
            if strict and not kept:
                continue
            break
        if strict and not kept and is_word(plain) and not is_given(plain):
            continue
        if shouted and not comma and len([word for word, *_ in kept if len(word) > 2]) >= 2:
            break  # in capitals, what follows a first and a last name is the sentence
        kept.append(token)
    if not kept or (len(kept) == 1 and len(kept[0][0]) < 2):
        return None
    first, last = kept[0][1], kept[-1][2]
    return first, last - 2 if text[first:last].endswith(("'s", "’s", "'S")) else last


def _possible(text: str, start: int, end: int) -> bool:
    """Whether one word at least is no ordinary one, or all could be names."""
    words = [token.rstrip(".") for token, *_ in tokens(text, start, end)]
    return any(not is_word(word) for word in words if len(word) > 1) or all(
        is_surname(word) or is_given(word) for word in words if len(word) > 1
    )


def _sole(text: str, start: int, end: int) -> bool:
    """Whether one capitalised surname stands before words in small letters: *pt Stone asleep*."""
    return (
        is_surname(text[start:end])
        and not text[start:end].isupper()
        and text[end : end + 2].strip().islower()
    )


def _likely(text: str, start: int, end: int) -> bool:
    """Whether the words look like a name by themselves."""
    words = [token.rstrip(".") for token, *_ in tokens(text, start, end)]
    full = [word for word in words if len(word) > 1]
    known = [word for word in full if (is_given(word) or is_surname(word)) and not is_word(word)]
    shortened = len(words) > len(full) == 1 and is_surname(full[0])
    return (
        bool(known)
        or shortened
        or (len(full) > 1 and any(map(is_given, full)) and any(map(is_surname, full)))
    )


def _lower(text: str, start: int, end: int, *, labelled: bool) -> tuple[int, int] | None:
    words = tokens(text, start, end)
    given = words[0][0]
    second = next((word for word, *_ in words[1:] if not is_particle(word)), "")
    known = (
        is_given(given)
        if not is_word(given)
        else is_given(given) and is_surname(second) and not is_word(second)
    )
    if not known and not (
        labelled and not is_word(given) and is_surname(second) and not is_word(second)
    ):
        return None
    stop = words[0][2]
    for token, _, last in words[1:]:
        if is_end(token) or (is_word(token) and not is_surname(token)) or token == "born":
            break
        stop = last
        if is_surname(token) and token not in {
            "de",
            "la",
            "van",
            "der",
            "del",
            "von",
            "den",
            "el",
            "al",
        }:
            break
    return (start, stop) if stop > words[0][2] else None
