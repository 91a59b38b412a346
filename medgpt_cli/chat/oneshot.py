"""One question, one answer, done.

This module knows nothing of terminals or sessions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from medgpt_cli.chat.pictures import Shown, question
from medgpt_cli.core.types import Generate, Reply

DESCRIBE = "Describe this image."
"""What is asked about an image when nothing else is."""


def ask(
    generate: Generate,
    prompt: str,
    pictures: Sequence[Shown],
    *,
    max_new_tokens: int | None = None,
    on_text: Callable[[str], None] | None = None,
) -> Reply:
    """Puts one question, the images shown before its text.

    Args:
        generate: The model.
        prompt: The question.
        pictures: The images, and what the question calls them.
        max_new_tokens: Limit of the answer; the model's default when None.
        on_text: Called with each new piece of the answer.
    """
    images = [each.path for each in pictures]
    return generate([question(prompt, pictures)], images, max_new_tokens=max_new_tokens, on_text=on_text)


def document(reply: Reply, model: str, images: int, shots: int = 0) -> dict[str, Any]:
    """The document that `--json` prints.

    Args:
        reply: What was answered.
        model: What the model is called.
        images: How many images were shown.
        shots: How many answered examples stood before the question.
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
        "shots": shots,
    }
