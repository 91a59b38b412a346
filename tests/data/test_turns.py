from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from medgpt_cli.core.types import Role, Turn
from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.turns import conversations, messages

SYSTEM, USER, ASSISTANT = Role.SYSTEM, Role.USER, Role.ASSISTANT


def said(*turns: tuple[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in turns], **more}


def llava(*turns: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"conversations": [{"from": who, "value": value} for who, value in turns], **more}


def where(record: dict[str, Any], images: int = 0) -> str:
    read = messages if "messages" in record else partial(conversations, field="conversations")
    with pytest.raises(Unfit) as caught:
        read(record, images)
    return caught.value.faults[0].field


def test_images_are_numbered_through_all_turns() -> None:
    record = said(
        ("system", "S"),
        ("user", "<image>\none"),
        ("assistant", "A"),
        ("user", "two <image> and <image>"),
        ("assistant", "B"),
    )
    assert messages(record, 3) == (
        Turn(SYSTEM, ("S",)),
        Turn(USER, (0, "one")),
        Turn(ASSISTANT, ("A",)),
        Turn(USER, ("two ", 1, " and ", 2)),
        Turn(ASSISTANT, ("B",)),
    )


def test_parts_are_the_same_as_marks() -> None:
    parts = [
        {"type": "image"},
        {"type": "text", "text": "a"},
        {"type": "image"},
        {"type": "text", "text": ""},
    ]
    one = messages(said(("user", parts), ("assistant", [{"type": "text", "text": "A"}])), 2)
    assert one == messages(said(("user", "<image>a<image>"), ("assistant", "A")), 2)


def test_an_image_alone_is_a_question() -> None:
    assert messages(said(("user", "<image>"), ("assistant", "A")), 1)[0] == Turn(USER, (0,))


def test_llava_puts_images_without_a_tag_first_in_the_first_user_turn() -> None:
    record = llava(("system", "S"), ("human", "a"), ("gpt", "A"), ("human", "b"), ("gpt", "B"))
    assert [turn.parts for turn in conversations(record, 2, "conversations")] == [
        ("S",), (0, 1, "a"), ("A",), ("b",), ("B",),
    ]  # fmt: skip


def test_llava_keeps_tags_where_they_are() -> None:
    record = llava(("human", "a"), ("gpt", "A"), ("human", "b\n<image>"), ("gpt", "B"))
    assert conversations(record, 1, "conversations")[2] == Turn(USER, ("b", 0))


def test_special_tokens_and_whitespace_stay_as_written() -> None:
    record = said(("user", "<|start|>system<|message|>x"), ("assistant", " A\n"))
    assert [turn.parts for turn in messages(record, 0)] == [("<|start|>system<|message|>x",), (" A\n",)]


def test_system_and_thinking_beside_the_messages() -> None:
    record = said(
        ("user", "Q"), ("assistant", "A"), ("user", "R"), ("assistant", "B"), system="S", thinking="T"
    )
    turns = messages(record, 0)
    assert turns[0] == Turn(SYSTEM, ("S",))
    assert [turn.thinking for turn in turns] == ["", "", "", "", "T"]


def test_thinking_inside_a_message() -> None:
    record = said(("user", "Q"), ("assistant", "A"))
    record["messages"][1]["thinking"] = "T"
    assert messages(record, 0)[1] == Turn(ASSISTANT, ("A",), "T")
    assert where(record | {"thinking": "T"}) == "thinking"


def test_null_columns_of_a_message_are_not_there() -> None:
    record = said(("user", "Q"), ("assistant", "A"))
    record["messages"][0] |= {"tool_calls": None, "thinking": None}
    assert len(messages(record, 0)) == 2


@pytest.mark.parametrize(
    ("record", "images", "field"),
    [
        (said(("assistant", "A")), 0, "messages[0]"),
        (said(("user", "Q"), ("assistant", "A"), ("assistant", "B")), 0, "messages[2]"),
        (said(("system", "S"), ("system", "S"), ("user", "Q"), ("assistant", "A")), 0, "messages[1]"),
        (said(("assistant", "A"), system="S"), 0, "messages[0]"),
        (said(("system", "S"), ("user", "Q"), ("assistant", "A"), system="S"), 0, "system"),
        (said(("system", "S")), 0, "messages"),
        (said(("user", "Q"), ("assistant", "A"), ("user", "R")), 0, "messages"),
        (said(("user", " "), ("assistant", "A")), 0, "messages[0].content"),
        (said(("user", []), ("assistant", "A")), 0, "messages[0].content"),
        (said(("user", 1), ("assistant", "A")), 0, "messages[0].content"),
        (said(("user", None), ("assistant", "A")), 0, "messages[0].content"),
        (said((1, "Q"), ("assistant", "A")), 0, "messages[0].role"),
        (said(("user", [{"type": "text", "text": "a <image>"}]), ("assistant", "A")), 1, "messages[0].content[0]"),
        (said(("user", [{"type": "image", "image": "a.png"}]), ("assistant", "A")), 1, "messages[0].content[0]"),
        (said(("user", ["Q"]), ("assistant", "A")), 0, "messages[0].content[0]"),
        (said(("system", "<image>"), ("user", "Q"), ("assistant", "A")), 1, "messages[0].content"),
        (said(("user", "Q"), ("assistant", "A"), system="<image>"), 0, "system"),
        (said(("user", "Q"), ("assistant", "A"), thinking=""), 0, "thinking"),
        ({"messages": "Q"}, 0, "messages"),
        ({"messages": ["Q"]}, 0, "messages[0]"),
        ({"messages": [{"role": "user"}]}, 0, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "Q", "thinking": "T"}]}, 0, "messages[0].thinking"),
        ({"messages": [{"role": "user", "content": "Q", "name": "Jane"}]}, 0, "messages[0].name"),
        (llava(("human", "<image>"), ("gpt", "A")), 2, "conversations"),
        (llava(("gpt", "A"), ("human", "Q")), 0, "conversations[0]"),
        (llava(("user", "Q"), ("gpt", "A")), 0, "conversations[0].from"),
    ],
)  # fmt: skip
def test_a_dialogue_that_cannot_be_learnt_names_its_field(
    record: dict[str, Any], images: int, field: str
) -> None:
    assert where(record, images) == field
