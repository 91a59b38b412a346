"""Bodies understood: which fields are refused, and where a message says the fault lies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from medgpt_cli.core.types import Role
from medgpt_cli.serving.asked import read_asked
from medgpt_cli.serving.faults import Fault
from medgpt_cli.serving.limits import Limits

LIMITS = Limits(turns=4, pictures=2, characters=100)
DATA = "data:image/png;base64,AAAA"


def read(messages: Any, **fields: Any) -> Any:
    return read_asked(json.dumps({"messages": messages, **fields}).encode(), LIMITS, "m")


def image(**fields: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": DATA, **fields}}


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def test_frame_and_window_travel_with_their_picture() -> None:
    asked = read([user(image(frame=3, window=[40, 400.5]), image())])
    first, second = asked.pictures
    assert (first.frame, first.window, first.data) == (3, (40.0, 400.5), b"\0\0\0")
    assert (second.frame, second.window) == (None, None)
    assert first.name() != second.name()
    assert second.name() == read([user(image())]).pictures[0].name()


def test_developer_is_system() -> None:
    asked = read([{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "x"}])
    assert [turn.role for turn in asked.turns] == [Role.SYSTEM, Role.USER]


def test_an_empty_answer_may_stand_in_the_dialogue() -> None:
    said = [{"role": "user", "content": "x"}, {"role": "assistant", "content": ""}]
    assert len(read([*said, said[0]]).turns) == 3


@pytest.mark.parametrize(
    ("messages", "code", "param"),
    [
        ([user(image(window=[40, 0]))], "invalid_field", "messages[0].content[0].image_url.window"),
        ([user(image(window=[9e9, 1]))], "invalid_field", "messages[0].content[0].image_url.window"),
        ([user(image(frame=-1))], "invalid_field", "messages[0].content[0].image_url.frame"),
        ([user({"type": "text", "text": "x" * 101})], "too_long", "messages"),
        ([user(), {"role": "system", "content": "x"}, user(image())], "empty_message", "messages[0]"),
        (
            [user(image()), {"role": "system", "content": "x"}, user(image())],
            "late_system",
            "messages[1]",
        ),
        (
            [{"role": "system", "content": [image()]}, user(image())],
            "misplaced_image",
            "messages[0].content[0].image_url",
        ),
    ],
)
def test_faults_and_their_places(messages: Any, code: str, param: str) -> None:
    with pytest.raises(Fault) as refused:
        read(messages)
    assert (refused.value.status, refused.value.code, refused.value.param) == (400, code, param)


def test_a_wrong_type_is_named_by_its_place_and_never_repeated() -> None:
    with pytest.raises(Fault) as refused:
        read([{"role": "user", "content": {"secret": "Mrs Secretname"}}])
    assert "$.messages[0].content" in refused.value.message
    assert "Secretname" not in refused.value.message
