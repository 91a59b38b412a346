"""The print of a question: equal for the same question asked in another wording of the usual kinds.

Case, punctuation, articles, number words, spacing of units, contractions and the phrases by which one asks ("what
is", "identify", "which of the following") do not count; the order of the options does not, nor which letter is
right.  A reworded question beyond such rules is not found here.  This module knows nothing of images: that two
images are asked the same question says nothing about the images.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import xxhash

from medgpt_cli.data.duplicates.words import words

TELLING = 8
"""Words of content from which a question is its own print, whatever its options and answer."""

_NUMBERS = {
    **dict(
        zip(
            ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
            "0123456789",
            strict=True,
        )
    ),
    **{"ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15"},
    **{"sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19", "twenty": "20"},
    **{"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80"},
    **{"ninety": "90", "once": "1 time", "twice": "2 time", "first": "1st", "second": "2nd"},
    **{"third": "3rd", "fourth": "4th", "fifth": "5th"},
}
_ARTICLES = frozenset({"a", "an", "the"})
_ASKING = _ARTICLES.union(
    # Words that carry a question without being about anything.
    (
        "what",
        "which",
        "who",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "do",
        "does",
        "did",
        "can",
        "could",
    ),
    ("would", "will", "should", "may", "please", "identify", "name", "state", "give", "tell", "specify"),
    (
        "indicate",
        "determine",
        "select",
        "choose",
        "pick",
        "mention",
        "list",
        "provide",
        "describe",
        "me",
    ),
    (
        "us",
        "you",
        "your",
        "there",
        "this",
        "that",
        "these",
        "those",
        "following",
        "of",
        "here",
        "it",
        "its",
    ),
    ("shown", "seen", "depicted", "question", "answer"),
)
_APOSTROPHE = re.compile(r"['’]s\b|(?<=n)['’]t\b|['’]")
_GLUED = re.compile(r"(?<=\d)(?=[a-zµ])|(?<=[a-z])(?=\d)", re.IGNORECASE)
_LETTER = re.compile(r"\s*\(?([A-Za-z])(?:[.):]|\s*$)")
"""An answer that names its option: B, (B), B. pneumonia."""
_DECIMAL = re.compile(r"(?<=\d)[.,](?=\d)")
_NOT = re.compile(r"\b(is|are|was|were|do|does|did|can|could|would|should)n['’]t\b", re.IGNORECASE)


def plain(text: str) -> tuple[str, ...]:
    """The words of a question that say what it asks, in order."""
    text = _NOT.sub(r"\1 not", text)
    text = _GLUED.sub(" ", _DECIMAL.sub("point", _APOSTROPHE.sub("", text)))
    said = " ".join(_NUMBERS.get(word, word) for word in words(text)).split()
    said = _joined_numbers(said)
    return tuple(word for word in said if word not in _ASKING) or tuple(said)


def question_prints(
    question: str, answer: str, options: Sequence[tuple[str, str]] = ()
) -> tuple[int, ...]:
    """The prints of a question, 64 bits each; two questions that share one are the same question.

    Args:
        question: The stem, without the options.
        answer: As a letter of `options` or as a text; may be empty.
        options: As (letter, text), in any order.

    Returns:
        The stem with its options and answer; and the stem alone where it has at least `TELLING` words.
    """
    stem = plain(question)
    named = _LETTER.match(answer)
    letter = named[1].upper() if named else ""
    right = next((text for each, text in options if each == letter), answer)
    choices = sorted(" ".join(_said(text)) for _, text in options)
    prints = [_print("whole", [*stem, "\0", *choices, "\0", *_said(right)])]
    if len(stem) >= TELLING:
        prints.append(_print("stem", stem))
    return tuple(prints)


def _said(text: str) -> tuple[str, ...]:
    """An option or answer: all its words but articles, since "this" or "not" may be what differs."""
    said = " ".join(_NUMBERS.get(word, word) for word in words(_GLUED.sub(" ", text))).split()
    return tuple(word for word in said if word not in _ARTICLES) or tuple(said)


def _joined_numbers(said: list[str]) -> list[str]:
    """Twenty-five, read as 20 and 5, becomes 25."""
    joined: list[str] = []
    skip = False
    for word, after in pairwise([*said, ""]):
        if skip:
            skip = False
            continue
        tens = len(word) == 2 and word.isdigit() and word[1] == "0" and word[0] not in "01"
        if tens and len(after) == 1 and after.isdigit() and after != "0":
            joined.append(word[0] + after)
            skip = True
        else:
            joined.append(word)
    return joined


def _print(kind: str, said: Iterable[str]) -> int:
    return xxhash.xxh3_64_intdigest(f"{kind}\1{chr(32).join(said)}".encode("utf-8", "surrogatepass"))
