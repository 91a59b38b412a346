"""A dialogue as llama.cpp takes it: its messages, pictures as data URLs, and its raw reply taken apart.

llama.cpp reads special tokens wherever their text stands, so the look-alikes in what people type are made harmless
first.  This module knows nothing of the engine, and opens no picture.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from medgpt_cli.core.types import Turn
from medgpt_cli.models.channels import FINAL, THINKING, Parted

JOINER = "\u200c"
"""As `data.dialogue` has it: inside a special token's look-alike it leaves the text readable and the token dead."""

_CHANNEL = re.compile(r"<\|channel\|>(.*?)<\|message\|>(.*?)(?=<\|(?:end|return|call)\|>|\Z)", re.DOTALL)


def neutraliser(specials: Sequence[str]) -> Callable[[str], str]:
    """What makes look-alikes of special tokens harmless."""
    if not specials:
        return str
    found = re.compile("|".join(map(re.escape, sorted(specials, key=len, reverse=True))))
    return lambda text: found.sub(lambda match: match[0][0] + JOINER + match[0][1:], text)


def messages_of(
    turns: Sequence[Turn],
    images: Sequence[str],
    *,
    neutral: Callable[[str], str],
    url_of: Callable[[str], str],
) -> list[dict[str, Any]]:
    """Messages of a chat completion.

    Args:
        turns: The dialogue.
        images: What the turns' image parts index into.
        neutral: Makes look-alikes of special tokens harmless.
        url_of: A picture's reference to its data URL.
    """

    def part(each: str | int) -> dict[str, Any]:
        if isinstance(each, str):
            return {"type": "text", "text": neutral(each)}
        return {"type": "image_url", "image_url": {"url": url_of(images[each])}}

    return [
        {
            "role": str(turn.role),
            "content": [part(each) for each in turn.parts if each != ""]
            if turn.images
            else neutral(turn.text),
        }
        for turn in turns
    ]


def parted(raw: str, *, harmony: bool) -> Parted:
    """Answer and thinking of a reply with its special tokens spelt out."""
    if not harmony:
        return Parted(raw, "")
    texts = {FINAL: "", THINKING: ""}
    for name, text in _CHANNEL.findall(raw):
        if name.strip() in texts:
            texts[name.strip()] += text
    return Parted(texts[FINAL], texts[THINKING])
