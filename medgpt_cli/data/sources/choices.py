"""Multiple-choice questions as sets write them: options as a dictionary, a list, columns or a stringified list.

This module knows nothing of any set.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from string import ascii_uppercase
from typing import Any

from medgpt_cli.data.complaints import kind, unfit

HIDDEN = "label not published"
"""The fault of a row whose answer is not published; such rows are counted and never guessed."""

LITERAL_CAP = 2**16
"""Characters a stringified list may have: Python's parser is not made for hostile texts."""

_LETTER = re.compile(r"\(?([A-Z])\s*[.):]\s*(?=\S)")


def lettered(options: Any) -> dict[str, str]:
    """Options as {letter: text}.

    Args:
        options: A list of texts; a dictionary by letter, whose empty options are left out; or a list of
            `{letter, content}`.

    Raises:
        Unfit: It is none of these.
    """
    if type(options) is list and options and all(type(item) is dict for item in options):
        options = {item.get("letter"): item.get("content") for item in options}
    if type(options) is list:
        if len(options) > len(ascii_uppercase):
            raise unfit("options", f"has {len(options)} options")
        options = dict(zip(ascii_uppercase, unlettered(options), strict=False))
    if type(options) is not dict:
        raise unfit("options", f"is {kind(options)} where options belong")
    found = {letter: _plain(text) for letter, text in options.items() if text not in (None, "")}
    if any(type(letter) is not str for letter in found):
        raise unfit("options", "has an option without a letter")
    return found


def _plain(text: Any) -> str:
    if type(text) in (int, float):
        return str(text)
    if type(text) is not str:
        raise unfit("options", f"holds {kind(text)} where a text belongs")
    return str(text).strip()


def unlettered(options: list[Any]) -> list[Any]:
    """Options without letters written in front of them ("A. text", "(B) text"), if each has its own."""
    matches = [_LETTER.match(option) if type(option) is str else None for option in options]
    if not all(
        match and match[1] == letter for match, letter in zip(matches, ascii_uppercase, strict=False)
    ):
        return options
    return [option[match.end() :] for option, match in zip(options, matches, strict=True) if match]


def literal_list(text: Any, field: str = "options") -> list[Any]:
    """A list written as Python writes it, `"['a', 'b']"`; a list is passed on.

    Raises:
        Unfit: It is no such list.  Nothing in it is ever run.
    """
    if type(text) is list:
        return text
    if type(text) is not str or len(text) > LITERAL_CAP:
        raise unfit(field, "is no list written as a text")
    try:
        found = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise unfit(field, "is no list written as a text") from None
    if type(found) is not list or any(type(item) not in (str, int, float) for item in found):
        raise unfit(field, "is no list of texts")
    return found


def answer_at(position: Any, options: Iterable[str], first: int, field: str) -> str:
    """The letter at a position that counts from `first`.

    Raises:
        Unfit: The position is no whole number, or there is no such option.
    """
    letters = list(options)
    if type(position) is str and position.strip().lstrip("-").isdigit():
        position = int(position)
    if type(position) is not int:
        raise unfit(field, f"is {kind(position)} where the number of an option belongs")
    if not first <= position < first + len(letters):
        raise unfit(field, "names an option that is not there")
    return letters[position - first]
