"""Dialogue formats, one jinja file each, written into a checkpoint as its `chat_template.jinja`.

`@IMAGE@`, `@DATE@` and `@REASONING@` are filled in when the template is written.  This module knows nothing of
records or of tokens.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent
HARMONY_SIGN = "<|channel|>"
CHATML_SIGN = "<|im_start|>"
GENERATION_MARK = re.compile(r"\{%-?\s*generation\b")


def choose(vocabulary: dict[str, int]) -> str:
    """Names the dialogue format a tokenizer was made for, from the special tokens it has."""
    if HARMONY_SIGN in vocabulary:
        return "harmony"
    return "chatml" if CHATML_SIGN in vocabulary else "plain"


def render(name: str, *, image_token: str, date: str, reasoning: str) -> str:
    """The text of `chat_template.jinja`.

    Args:
        name: `harmony`, `chatml` or `plain`.
        image_token: What stands for one image; the processor widens it to one token a patch.
        date: The fixed date of harmony's system message, so that a prompt is the same tomorrow.
        reasoning: Harmony's default reasoning effort: low, medium or high.
    """
    text = (FOLDER / f"{name}.jinja").read_text(encoding="utf-8")
    filled = {"@IMAGE@": image_token, "@DATE@": date, "@REASONING@": reasoning}
    for mark, value in filled.items():
        text = text.replace(mark, value)
    return text


def marks_answers(text: str) -> bool:
    """Whether a template marks what the assistant says, so that a loss mask can be made from it."""
    return GENERATION_MARK.search(text) is not None


def is_ours(text: str) -> bool:
    """Whether a template was written by `render`: it opens with the comment of one of our files."""
    return any(
        text.startswith(path.read_text(encoding="utf-8").split("\n", 1)[0])
        for path in FOLDER.glob("*.jinja")
    )
