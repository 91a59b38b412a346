"""Right or wrong: one reply against one item, by the profile the item calls for.

This module knows nothing of files, models or averages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from medgpt_cli.evaluation import exact_match, multiple_choice
from medgpt_cli.evaluation.items import Item

YES_NO = "yes_no"
"""The rule of `em_v1` for a question whose right answer is yes or no."""


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
    """Compares a reply with the right answers; what cannot be read is wrong."""
    if item.options:
        choice = multiple_choice.parse_choice(text, item.options)
        return Verdict(choice.letter in item.letters, bool(choice.letter), choice.rule, choice.letter)
    answer = read(item, text)
    closed = exact_match.is_closed(item.golds)
    right = bool(answer) and answer in {exact_match.normalise(gold) for gold in item.golds}
    return Verdict(right, bool(answer), (YES_NO if closed else exact_match.PROFILE) if answer else "")


def read(item: Item, text: str) -> str:
    """The answer in the form in which it is compared: the item's letter, yes or no, or the normalised text.

    An empty string where none can be read.
    """
    if item.options:
        return multiple_choice.parse_choice(text, item.options).letter
    closed = exact_match.is_closed(item.golds)
    return exact_match.yes_or_no(text) if closed else exact_match.normalise(text)


def profile(items: Iterable[Item]) -> str:
    """The scorer's name and version as printed beside a score, such as `em_v1` or `em_v1+letters_v1`."""
    kinds = {bool(item.options) for item in items}
    return "+".join(
        name
        for choice, name in ((False, exact_match.PROFILE), (True, multiple_choice.PROFILE))
        if choice in kinds
    )
