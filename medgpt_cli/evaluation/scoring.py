"""Right or wrong: one reply against one item, by the profile the item calls for.

This module knows nothing of files, models or averages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from medgpt_cli.evaluation import exact_match, multiple_choice
from medgpt_cli.evaluation.items import Item


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scorer found.

    Attributes:
        correct: Whether the answer is right.
        parsed: Whether an answer could be read at all.
        rule: The rule that read it; empty when none did.
        letter: The chosen letter, for multiple choice.
    """

    correct: bool
    parsed: bool
    rule: str = ""
    letter: str = ""


def judge(item: Item, text: str) -> Verdict:
    """Compares a reply with the gold answer; what cannot be read is wrong."""
    if item.options:
        choice = multiple_choice.parse_choice(text, item.options)
        return Verdict(choice.letter in item.letters, bool(choice.letter), choice.rule, choice.letter)
    parsed = bool(exact_match.normalise(text))
    return Verdict(exact_match.matches(text, item.gold), parsed, exact_match.PROFILE if parsed else "")


def profile(items: Iterable[Item]) -> str:
    """The scorer's name and version as printed beside a score, such as `em_v1` or `em_v1+letters_v1`."""
    kinds = {bool(item.options) for item in items}
    return "+".join(
        name
        for choice, name in ((False, exact_match.PROFILE), (True, multiple_choice.PROFILE))
        if choice in kinds
    )
