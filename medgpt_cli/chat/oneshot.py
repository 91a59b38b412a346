"""One question, one answer, done.

This module knows nothing of terminals or sessions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from medgpt_cli.core.types import Generate, Reply, Role, Turn

DESCRIBE = "Describe this image."
"""What is asked about an image when nothing else is."""


def ask(
    generate: Generate,
    prompt: str,
    images: Sequence[str],
    *,
    max_new_tokens: int | None = None,
    on_text: Callable[[str], None] | None = None,
) -> Reply:
    """Puts one question, the images shown before its text.

    Args:
        generate: The model.
        prompt: The question.
        images: Paths of the images.
        max_new_tokens: Limit of the answer; the model's default when None.
        on_text: Called with each new piece of the answer.
    """
    turn = Turn(Role.USER, (*range(len(images)), prompt))
    return generate([turn], images, max_new_tokens=max_new_tokens, on_text=on_text)


def document(reply: Reply, model: str, images: int) -> dict[str, Any]:
    """The document that `--json` prints.

    Args:
        reply: What was answered.
        model: What the model is called.
        images: How many images were shown.
    """
    return {
        "answer": reply.text,
        "thinking": reply.thinking,
        "finished": reply.finished,
        "prompt_tokens": reply.prompt_tokens,
        "tokens": reply.tokens,
        "seconds": round(reply.seconds, 4),
        "first_token_seconds": round(reply.first_token_seconds, 4),
        "model": model,
        "images": images,
    }
