"""What the quick way reads is what the forms read; what it cannot read it leaves to them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medgpt_cli.core.errors import BadImage
from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.plain_pairs import plain_pair
from medgpt_cli.data.records import read_line, read_record
from medgpt_cli.data.strict_json import read_object

PLACE = Place("local.jsonl", 7)
PLAIN = {"question": "What is seen?", "answer": "No effusion."}
BESIDE = ("image", "id", "patient_id", "study_id", "source", "licence", "split")


def resolve(written: str) -> str:
    """Finds everything but what is said to be missing."""
    if "missing" in written:
        raise BadImage("there is no such file", repair="look for it")
    return f"/root/{written}"


def slowly(raw: bytes) -> Any:
    """The sample or the faults, by the forms alone."""
    try:
        return read_record(read_object(raw), PLACE, resolve)
    except Unfit as error:
        return error.faults


def both_agree(raw: bytes) -> bool:
    """Whether the quick way had an answer; fails where it, or the way taken, differs from the forms."""
    try:
        taken: Any = read_line(raw, PLACE, resolve)
    except Unfit as error:
        taken = error.faults
    known = slowly(raw)
    assert taken == known
    quick = plain_pair(raw, PLACE, resolve)
    assert quick is None or ("pair", quick) == known
    return quick is not None


@pytest.mark.parametrize("word", BESIDE)
def test_a_plain_pair_is_read_quickly(word: str) -> None:
    assert both_agree(json.dumps(PLAIN).encode())
    assert both_agree(json.dumps({"id": "1", word: "a/b", **PLAIN}).encode() + b"\r\n")
    assert (
        both_agree(json.dumps(PLAIN | {"answer": "ein Erguß von <5 µm"}, ensure_ascii=False).encode())
        is False
    )
    assert both_agree(json.dumps(PLAIN | {"answer": "Größe <5 mm"}, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    "line",
    [
        b'{"question": "a", "answer": "b", "question": "c"}',
        b'{"question": "a", "answer": "b", "id": "", "id": "c"}',
        b'{"question": "a", "answer": "b", "id": "", "n": 1}',
        b'{"question": "a", "answer": "b", "id": "x", "id": 7}',
        b'{"question": "a", "answer": "b", "patient": "c"}',
        b'{"question": "a", "answer": "b", "imagee": "c"}',
        b'{"question": "a", "answer": "b", "id": 7}',
        b'{"question": "a", "answer": "b", "id": null}',
        b'{"question": "a", "answer": " \t "}',
        b'{"question": "a", "answer": ""}',
        b'{"question": "a", "answer": "b", "image": ""}',
        b'{"question": "a", "answer": "b", "image": "missing"}',
        b'{"question": "a <image>", "answer": "b", "image": "c"}',
        b'{"question": "a", "answer": "b <image>"}',
        b'{"question": "a", "answer": "b\x7f"}',
        b'{"question": "a", "answer": "b\xc2\x85"}',
        b'{"question": "a", "answer": "b\xff"}',
        b'{"question": "a", "answer": "b\x01"}',
        b'{"question": "a", "answer": "b\\u0007"}',
        b'{"question": "a", "answer": "b\\"", "x": 1}',
        b'{"question": "a", "answer": "b", "text": "c"}',
        b'{"question": "a", "answer": "b", "options": ["b", "c"]}',
        b'{"question": "a", "answer": "b", "keys": ["x:1"]}',
        b'{"prompt": "a", "response": "b"}',
        b'{"question": "a", "answer": "b"} x',
        b'{"question": "a", "answer": "b",}',
        b'[{"question": "a", "answer": "b"}]',
        b'"question"',
    ],
)
def test_what_is_unusual_is_left_to_the_forms(line: bytes) -> None:
    assert not both_agree(line)


_TEXTS = st.text(
    st.sampled_from(' \tab"\\<>é\x7f\x85\x01µ') | st.characters(), max_size=8
) | st.sampled_from(["<image>", "missing", "a", "A"])
_VALUES = _TEXTS | st.none() | st.integers(-5, 5) | st.lists(_TEXTS, max_size=2)
_KEYS = st.sampled_from([*PLAIN, *BESIDE, "prompt", "text", "n", "options", "answr"])
_PAIRS = st.lists(st.tuples(_KEYS, _VALUES), max_size=4)


@settings(max_examples=400, deadline=None)
@given(_PAIRS, st.booleans(), _TEXTS, _TEXTS)
def test_both_ways_agree_on_anything(
    more: list[tuple[str, Any]], ascii_only: bool, question: str, answer: str
) -> None:
    pairs = [("question", question), ("answer", answer), *more]
    told = (f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=ascii_only)}" for key, value in pairs)
    both_agree(("{" + ", ".join(told) + "}").encode("utf-8", "surrogatepass"))


def test_paths_are_those_of_the_resolver() -> None:
    sample = plain_pair(json.dumps(PLAIN | {"image": "x.png"}).encode(), PLACE, resolve)
    assert sample is not None
    assert sample.images == ("/root/x.png",)
    assert sample.turns[0].parts == (0, "What is seen?")
