from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.models.channels import Channels
from medgpt_cli.models.talking.listening import Listener
from medgpt_cli.models.tiny.build import tokenizer
from tests.parts import llama_tokenizer

ANSWER = "Größe 3 µm, 肝臓 🫀 — no effusion"
REPLIES = {
    "final alone": f"<|channel|>final<|message|>{ANSWER}<|return|>",
    "after reasoning": "<|channel|>analysis<|message|>is it the liver?<|end|><|start|>assistant"
    f"<|channel|>final<|message|>{ANSWER}<|return|>",
    "cut in the answer": f"<|channel|>final<|message|>{ANSWER}",
    "cut in the reasoning": "<|channel|>analysis<|message|>is it",
    "twice final": "<|channel|>final<|message|>one<|end|><|start|>assistant<|channel|>final<|message|>two",
    "no channel": "axial<|return|>",
    "a channel within": "<|channel|>final<|message|>one<|channel|>final<|message|>two<|return|>",
    "to a tool": "<|channel|>commentary<|message|>{}<|call|>",
}


def heard(ids: list[int], tokenizer: Any) -> tuple[list[str], str]:
    channels, pieces = Channels(tokenizer), list[str]()
    listener = Listener(channels, tokenizer, pieces.append)
    for token in ids:
        listener.hear(token)
    whole = channels.part(ids).text
    listener.end(whole)
    return pieces, whole


@pytest.mark.parametrize("name", REPLIES)
def test_the_pieces_are_the_answer(name: str) -> None:
    made = tokenizer()
    pieces, whole = heard(made.encode(REPLIES[name], add_special_tokens=False), made)
    assert "".join(pieces) == whole
    assert "\ufffd" not in whole


def test_characters_come_as_soon_as_they_are_whole() -> None:
    made = tokenizer()
    pieces, whole = heard(made.encode(REPLIES["final alone"], add_special_tokens=False), made)
    assert whole == ANSWER
    assert len(pieces) > 10
    assert all("\ufffd" not in piece for piece in pieces)


def test_without_channels_all_of_it_is_the_answer() -> None:
    made = llama_tokenizer()
    pieces, whole = heard([*made.encode(ANSWER, add_special_tokens=False), made.eos_token_id], made)
    assert "".join(pieces) == whole == ANSWER
    assert len(pieces) > 10
