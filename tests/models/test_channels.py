from __future__ import annotations

import pytest

from medgpt_cli.models.channels import Channels, Parted
from medgpt_cli.models.tiny.build import tokenizer
from tests.parts import llama_tokenizer

CASES = {
    "a final answer": ("<|channel|>final<|message|>axial<|return|>", ("axial", "")),
    "thinking first": (
        "<|channel|>analysis<|message|>bright CSF<|end|><|start|>assistant<|channel|>final<|message|>T2<|return|>",
        ("T2", "bright CSF"),
    ),
    "thinking only": ("<|channel|>analysis<|message|>so long", ("", "so long")),
    "no channel at all": ("axial<|return|>", ("", "")),
    "an unknown channel": ("<|channel|>commentary<|message|>call()<|call|>", ("", "")),
    "cut before the message": ("<|channel|>final", ("", "")),
    "without a stop": ("<|channel|>final<|message|>ax", ("ax", "")),
    "nothing": ("", ("", "")),
}


@pytest.mark.parametrize("case", CASES)
def test_only_the_final_channel_is_read(case: str) -> None:
    text, expected = CASES[case]
    harmony = tokenizer()
    assert Channels(harmony).part(harmony.encode(text)) == Parted(*expected)


def test_half_a_character_waits_for_its_other_half() -> None:
    harmony = tokenizer()
    ids = harmony.encode("<|channel|>final<|message|>1 日")
    seen = [Channels(harmony).part(ids[:n]).text for n in range(3, len(ids) + 1)]
    assert seen[-1] == "1 日"
    assert not any("\ufffd" in text for text in seen)


def test_another_dialogue_format_is_read_whole() -> None:
    plain = llama_tokenizer()
    assert Channels(plain).part(plain.encode("axial</s>")) == Parted("axial", "")
