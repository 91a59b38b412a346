from __future__ import annotations

import pytest

from medgpt_cli.core.types import Role, Turn
from medgpt_cli.models.channels import Parted
from medgpt_cli.models.chat_api.messages import JOINER, messages_of, neutraliser, parted


def test_pictures_and_their_tiles_stand_where_they_stood() -> None:
    turns = [
        Turn(Role.SYSTEM, ("Be brief.",)),
        Turn(Role.USER, ("before ", 1, "", " between ", 0)),
        Turn(Role.ASSISTANT, ("axial",), thinking="hm"),
    ]
    made = messages_of(
        turns, ["a", "b"], neutral=str.upper, urls_of=lambda name: [f"data:{name}"] * (1 + (name == "a"))
    )
    assert made == [
        {"role": "system", "content": "BE BRIEF."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "BEFORE "},
                {"type": "image_url", "image_url": {"url": "data:b"}},
                {"type": "text", "text": " BETWEEN "},
                {"type": "image_url", "image_url": {"url": "data:a"}},
                {"type": "image_url", "image_url": {"url": "data:a"}},
            ],
        },
        {"role": "assistant", "content": "AXIAL"},
    ]


def test_look_alikes_of_special_tokens_are_dead() -> None:
    neutral = neutraliser(["<|end|>", "<|e", "a.c"])
    assert neutral("x <|end|> abc a.c") == f"x <{JOINER}|end|> abc a{JOINER}.c"
    assert neutraliser([])("<|end|>") == "<|end|>"


@pytest.mark.parametrize(
    ("raw", "answer", "thinking"),
    [
        ("<|channel|>final<|message|>axial", "axial", ""),
        ("<|channel|>final<|message|>axial<|return|>", "axial", ""),
        (
            "<|channel|>analysis<|message|>is it?<|end|><|start|>assistant<|channel|>final<|message|>yes",
            "yes",
            "is it?",
        ),
        ("<|channel|>analysis<|message|>is it", "", "is it"),
        ("<|channel|>commentary<|message|>{}<|call|>", "", ""),
        ("<|channel|>fin", "", ""),
        ("axial", "", ""),
        ("<|channel|>final<|message|>one\ntwo<|return|>", "one\ntwo", ""),
    ],
)
def test_a_harmony_reply_is_taken_apart(raw: str, answer: str, thinking: str) -> None:
    assert parted(raw, harmony=True) == Parted(answer, thinking)


def test_any_other_reply_is_the_answer() -> None:
    assert parted("<|channel|>final<|message|>x", harmony=False).text == "<|channel|>final<|message|>x"
