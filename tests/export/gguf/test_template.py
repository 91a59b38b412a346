"""A template without the marks of training prints the same."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import Environment

from medgpt_cli.export.gguf.template import unmarked
from medgpt_cli.models import templates
from tests.parts import llama_tokenizer

TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "  What? \n"}]},
    {"role": "assistant", "content": "A heart.\n", "thinking": "Hm."},
    {"role": "user", "content": "And now?"},
    {"role": "assistant", "content": "No. ", "thinking": "Hm."},
]


@pytest.mark.parametrize("turns", [2, 3, 5])
@pytest.mark.parametrize("name", ["harmony", "chatml", "plain"])
def test_same_words(name: str, turns: int) -> None:
    text = templates.render(name, image_token="<image>", date="2026-01-01", reasoning="low")
    bare = unmarked(text)
    assert "generation -" not in bare.replace("add_generation", "")
    tokenizer: Any = llama_tokenizer()
    asking = turns == 2
    with_marks = tokenizer.apply_chat_template(
        TALK[:turns], chat_template=text, tokenize=False, add_generation_prompt=asking
    )
    stock = Environment(trim_blocks=True, lstrip_blocks=True).from_string(bare)
    assert with_marks == stock.render(
        messages=TALK[:turns], add_generation_prompt=asking, bos_token="<s>", eos_token="</s>"
    )
