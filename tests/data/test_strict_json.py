from __future__ import annotations

import json
import random
from typing import Any

import pytest

from medgpt_cli.data.complaints import Fault, Unfit
from medgpt_cli.data.strict_json import read_object


def fault(raw: bytes) -> Fault:
    with pytest.raises(Unfit) as caught:
        read_object(raw)
    (only,) = caught.value.faults
    return only


TWICE = "the key stands twice in one object"
PLAIN = [
    {"text": 'a "quoted" word, a colon: and a backslash \\'},
    {"text": 'ends in a backslash and a quote \\"', "n": {"a": [{"b": "c"}, ["d", ["e"]], 1, None]}},
    {"text": "line\nbreak\tand tab\r"},
    {"text": '":"', '":': '":":'},
    {"text": r"C:\dir\new \beta \u001b"},
    {"texte": "Übergrößen 肺 🫁 \u00a0\u200b", "ids": [1, 2.5, -3e8, True]},
    {},
]


@pytest.mark.parametrize("value", PLAIN)
@pytest.mark.parametrize(
    "style", [{}, {"ensure_ascii": False}, {"indent": 3}, {"separators": (",", ":")}]
)
def test_what_json_writes_is_read(value: dict[str, Any], style: dict[str, Any]) -> None:
    assert read_object(json.dumps(value, **style).encode()) == value


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": "x", "b": 1, "a": "y"}',
        b'{"a": 1, "a": 1}',
        b'{"a":1,"a"\t:2}',
        b'{"a":1,\n"a"  \n:2}',
        rb'{"a": "\\\"", "a": "x"}',
        rb'{"a": 1, "\u0061": 2}',
        '{"a": 1, "ü": "ü", "a": 2}'.encode(),
        b'{"x": [[{"a": 1, "a": 2}]]}',
        rb'{"a": 1, "b": "x\\", "c": "y\\", "a": 2}',
        b'{"a": "\\"\\"", "b": "\\\\\\\\", "a": 1}',
    ],
)
def test_a_duplicate_key_is_found_however_it_is_written(raw: bytes) -> None:
    assert fault(raw) == Fault("a", TWICE, "keep one of the two")


def test_duplicate_keys_agree_with_a_slow_count_on_random_objects() -> None:
    draw = random.Random(0)
    words = ["a", "b", 'q"', "\\", '\\"', ":", '":', "é", "\n"]

    def text() -> str:
        return "".join(draw.choices(words, k=draw.randrange(4)))

    found = 0
    for _ in range(3000):
        pairs = [(text(), text()) for _ in range(draw.randrange(5))]
        raw = "{" + ", ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in pairs) + "}"
        if len(dict(pairs)) < len(pairs):
            found += 1
            assert fault(raw.encode()).what == TWICE
        else:
            assert read_object(raw.encode()) == dict(pairs)
    assert found > 300


@pytest.mark.parametrize("code", [0, 1, 8, 0x0B, 0x0C, 0x1B, 0x1F, 0x7F, 0x80, 0x9B, 0x9F])
def test_control_characters_are_refused_escaped_or_not(code: int) -> None:
    raws = [json.dumps({"a": [f"x{chr(code)}"]}).encode()]
    if code >= 0x7F:
        raws.append(json.dumps({"a": [f"x{chr(code)}"]}, ensure_ascii=False).encode())
    for raw in raws:
        assert fault(raw)[:2] == ("a[0]", "holds control characters")


def test_a_key_with_control_characters_is_refused_and_not_shown() -> None:
    assert fault(rb'{"\u001b[31m": 1}')[:2] == ("(a key not shown)", "holds control characters")


def test_values_are_never_in_a_message() -> None:
    for raw in (
        b'{"name": "Jane Doe", ',
        b'{"name": "Jane Doe"]',
        b'{"Jane Doe": NaN}',
        b'{"Jane Doe": 1, "Jane Doe": 2}',
    ):
        assert "Jane" not in "".join(fault(raw))
