"""The dialogue template as llama.cpp reads it.

It does not know the marks between which an assistant's words stand in training; they become empty comments that take
the same white space with them.  A picture's place is printed by llama.cpp itself, as text.  This module knows nothing
of tokenizers but their template.
"""

from __future__ import annotations

import re
from typing import Any

import gguf

_MARK = re.compile(r"\{%(-?)\s*(?:end)?generation\s*(-?)%\}")


def unmarked(template: str) -> str:
    """A template without the marks of training; it prints what it printed before."""
    return _MARK.sub(r"{#\1 \2#}", template)


def add_template(writer: gguf.GGUFWriter, tokenizer: Any) -> None:
    """Adds the template, and whether a prompt begins with the token of beginnings.

    Our encoder adds none beside what the template prints; llama.cpp takes the printed one away where it adds its own.
    """
    first = False
    if tokenizer.chat_template is not None:
        writer.add_chat_template(unmarked(tokenizer.chat_template))
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": "?"}], tokenize=False, add_generation_prompt=True
        )
        first = bool(tokenizer.bos_token) and prompt.startswith(tokenizer.bos_token)
    writer.add_add_bos_token(first)
