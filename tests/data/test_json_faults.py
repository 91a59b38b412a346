from __future__ import annotations

import msgspec
import pytest

from medgpt_cli.data.json_faults import why_not_json


@pytest.mark.parametrize(
    ("raw", "lines", "what"),
    [
        (b'{"a":\n1,\n}', 2, "not JSON: trailing comma in object at column 1"),
        (b"{'a': 1}", 0, "not JSON: object keys must be strings at column 2"),
        (b'{"a": "\n"}', 0, "not JSON: invalid character at column 8"),
        (b'{"a": -Infinity}', 0, "holds NaN, Infinity or a number out of range"),
        (b'{"a": "\x92"}', 0, "the text is not UTF-8, perhaps WINDOWS-1252"),
    ],
)
def test_the_reason_says_where(raw: bytes, lines: int, what: str) -> None:
    with pytest.raises(msgspec.DecodeError if b"\x92" not in raw else UnicodeDecodeError) as caught:
        msgspec.json.decode(raw)
    assert why_not_json(raw, caught.value)[:2] == (lines, what)
