"""A dialogue as chat APIs take it: its messages, pictures as data URLs, and a raw reply taken apart.

llama.cpp and vLLM read special tokens wherever their text stands, so the look-alikes in what people type are made
harmless first.  This module knows nothing of the engine, and opens no picture.
"""

from __future__ import annotations

import base64
import io
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
    urls_of: Callable[[str], Sequence[str]],
) -> list[dict[str, Any]]:
    """Messages of a chat completion.

    Args:
        turns: The dialogue.
        images: What the turns' image parts index into.
        neutral: Makes look-alikes of special tokens harmless.
        urls_of: A picture's reference to data URLs: one, or those of its tiles.
    """

    def said(part: str | int) -> list[dict[str, Any]]:
        if isinstance(part, str):
            return [{"type": "text", "text": neutral(part)}]
        return [{"type": "image_url", "image_url": {"url": url}} for url in urls_of(images[part])]

    return [
        {
            "role": str(turn.role),
            "content": [each for part in turn.parts if part != "" for each in said(part)]
            if turn.images
            else neutral(turn.text),
        }
        for turn in turns
    ]


def data_url(image: Any) -> str:
    """An image (Pillow) as a data URL of its PNG, without anything its file said of itself."""
    held = io.BytesIO()
    image.save(held, "PNG", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(held.getvalue()).decode()}"


def parted(raw: str, *, harmony: bool) -> Parted:
    """Answer and thinking of a reply with its special tokens spelt out."""
    if not harmony:
        return Parted(raw, "")
    texts = {FINAL: "", THINKING: ""}
    for name, text in _CHANNEL.findall(raw):
        if name.strip() in texts:
            texts[name.strip()] += text
    return Parted(texts[FINAL], texts[THINKING])
