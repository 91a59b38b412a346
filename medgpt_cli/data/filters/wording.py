"""The texts of a sample that filters look at, and their words.

This module judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from medgpt_cli.core.types import Role, Sample

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_]+(?:['’-][^\W_]+)*")
"""A word; in Chinese and Japanese, which put no space between words, each character is one."""
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+|(?<=[。！？])")


def learnt(sample: Sample) -> str:
    """What the model learns to write: the answers, one a line, or the whole document."""
    if sample.document:
        return "".join(part for part in sample.document if isinstance(part, str))
    return "\n".join(answers(sample))


def answers(sample: Sample) -> Iterator[str]:
    """What the assistant says, turn by turn."""
    return (turn.text for turn in sample.turns if turn.role is Role.ASSISTANT)


def question(sample: Sample) -> str:
    """What the user asks last, without the lines of options that are written below it."""
    said = [turn.text for turn in sample.turns if turn.role is Role.USER]
    text = said[-1] if said else ""
    written = "".join(f"\n{letter}. {option}" for letter, option in sample.options)
    return text.removesuffix(written) if written else text


def words(text: str) -> list[str]:
    """Words in lower case, without punctuation."""
    return _WORD.findall(text.casefold())


def sentences(text: str) -> list[str]:
    """Sentences and lines, blank ones left out."""
    return [piece for piece in _SENTENCE.split(text) if piece and not piece.isspace()]
