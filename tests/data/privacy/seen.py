"""What the rules see in a text, in a form that reads well in a test."""

from __future__ import annotations

from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.text import find_text


def seen(text: str) -> list[tuple[str, str]]:
    """(class, characters) of every finding, an exclamation mark behind the class of a sure one."""
    return [
        (found.identifier + ("!" if found.sure else ""), text[found.start : found.end])
        for found in find_text(text)
    ]


def of(text: str, identifier: Identifier) -> list[str]:
    """The characters found of one class."""
    return [text[found.start : found.end] for found in find_text(text) if found.identifier is identifier]
