"""A question as the body of a chat completion: its dialogue, its pictures as data URLs, and how to decode.

Decoding is greedy with a fixed seed.  Reasoning in examples is left out: chat endpoints take none.  This module knows
nothing of HTTP, and opens no picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from medgpt_cli.core.types import Request, Turn

SEED = 0
TOP = 20
"""Alternatives asked for at a place of the answer; what OpenAI and vLLM allow at most."""


def body(
    request: Request, *, model: str, max_new_tokens: int, url_of: Callable[[str], str], letters: bool
) -> bytes:
    """The JSON that is sent.

    Args:
        request: The question.
        model: The model's name at the endpoint.
        max_new_tokens: Limit of the answer.
        url_of: A picture's path to its data URL.
        letters: Whether the likelihoods of the first token are wanted.
    """
    document: dict[str, Any] = {
        "model": model,
        "messages": [_message(turn, request.images, url_of) for turn in request.turns],
        "temperature": 0,
        "seed": SEED,
        "max_tokens": max_new_tokens if request.generate else 1,
        "stream": False,
    }
    if letters:
        document |= {"logprobs": True, "top_logprobs": TOP}
    return msgspec.json.encode(document)


def _message(turn: Turn, images: Sequence[str], url_of: Callable[[str], str]) -> dict[str, Any]:
    if not turn.images:
        return {"role": str(turn.role), "content": turn.text}
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": part}
        if isinstance(part, str)
        else {"type": "image_url", "image_url": {"url": url_of(images[part])}}
        for part in turn.parts
        if part != ""
    ]
    return {"role": str(turn.role), "content": parts}
