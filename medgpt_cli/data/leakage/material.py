"""What of a sample can be found again in another: its texts, and its questions with their options.

This module knows nothing of images, and nothing of searching.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from medgpt_cli.core.types import Role, Sample

_OPTION = re.compile(r"\s*\(?([A-Z])[.):]\s+(\S.*)")

Options = tuple[tuple[str, str], ...]


class Asked(NamedTuple):
    """A question, its answer and its options."""

    stem: str
    answer: str
    options: Options = ()


def asked(sample: Sample) -> list[Asked]:
    """The questions of a dialogue, each with the answer that follows it; none of a document."""
    found = []
    for turn, after in pairwise(sample.turns):
        if turn.role is Role.USER and after.role is Role.ASSISTANT:
            stem, options = without_options(turn.text)
            found.append(Asked(stem, after.text, options))
    if sample.options and found:
        found[-1] = Asked(found[-1].stem, sample.answer or found[-1].answer, sample.options)
    elif sample.answer and sample.turns and sample.turns[-1].role is Role.USER:
        stem, options = without_options(sample.turns[-1].text)
        found.append(Asked(stem, sample.answer, sample.options or options))
    return found


def without_options(text: str) -> tuple[str, Options]:
    """A question as (stem, options), where lines such as `A. text` in unbroken order end it."""
    lines = text.rstrip().split("\n")
    options: list[tuple[str, str]] = []
    while lines and (match := _OPTION.fullmatch(lines[-1])):
        options.append((match[1], match[2]))
        lines.pop()
    options.reverse()
    letters = "".join(letter for letter, _ in options)
    if len(options) < 2 or letters != "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: len(letters)]:
        return text, ()
    return "\n".join(lines), tuple(options)


def told(sample: Sample) -> str:
    """All a sample says, options left out: a document's text, or what user and assistant say."""
    if sample.document:
        return " ".join(part for part in sample.document if isinstance(part, str))
    said = []
    for turn in sample.turns:
        if turn.role is Role.USER:
            said.append(without_options(turn.text)[0])
        elif turn.role is Role.ASSISTANT:
            said.append(turn.text)
    return " ".join(said)
