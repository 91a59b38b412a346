from __future__ import annotations

import gzip
import io
import json
import pickle
import sys
from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.core.types import Element, Place
from medgpt_cli.data import jsonl
from medgpt_cli.data.jsonl import numbered_lines

OBJECTS = [{"text": "a"}, {"text": "ä\n"}, {"text": "c"}]


def numbers_and_objects(path: Path) -> list[tuple[int, object]]:
    return [(number, json.loads(raw.decode())) for number, raw in numbered_lines(path)]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n \n"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_are_numbered_whatever_surrounds_them(
    tmp_path: Path, newline: str, start: str, end: str, pack: type[bytes]
) -> None:
    lines = [
        json.dumps(OBJECTS[0]),
        "",
        json.dumps(OBJECTS[1], ensure_ascii=False),
        json.dumps(OBJECTS[2]),
    ]
    path = tmp_path / "a.jsonl"
    path.write_bytes(pack((start + newline.join(lines) + end).encode()))
    assert numbers_and_objects(path) == list(zip([1, 3, 4], OBJECTS, strict=True))


def test_an_array_is_numbered_by_the_line_each_element_begins_on(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("\n\n[" + ",\n".join(json.dumps(o, indent=2) for o in OBJECTS) + "\n]\n")
    assert numbers_and_objects(path) == list(zip([3, 6, 9], OBJECTS, strict=True))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[1,2, 3]", ["1[0]", "1[1]", "1[2]"]),
        ("[1]", ["1"]),
        ("[1,\n2,\n3]", ["1", "2", "3"]),
        ("[1,\n2, 3,\n4]", ["1", "2[1]", "2[2]", "3"]),
        ('[{"a":\n1}, {"b": 2}, 3]', ["1", "2[1]", "2[2]"]),
        ('[1, {"b":\n2}]', ["1[0]", "1[1]"]),
    ],
)
def test_records_that_begin_on_one_line_are_told_apart(
    tmp_path: Path, text: str, named: list[str]
) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    assert [str(Place("", number))[1:] for number, _ in numbered_lines(path)] == named


def test_an_element_survives_the_way_to_another_process() -> None:
    place = pickle.loads(pickle.dumps(Place("a.json", Element(1, 17))))
    assert (str(place), place.line + 0, json.dumps(place.line)) == ("a.json:1[17]", 1, "1")


def test_standard_input_is_read_like_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    said = gzip.compress(b'{"text": "a"}\n\n{"text": "b"}\n')
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(said)))
    assert numbers_and_objects(Path("-")) == [(1, {"text": "a"}), (3, {"text": "b"})]


def test_an_array_on_one_line_may_be_longer_than_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "LINE_CAP", 20)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(OBJECTS))
    assert numbers_and_objects(path) == [(1, each) for each in OBJECTS]


def test_an_element_of_an_array_obeys_the_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "LINE_CAP", 20)
    path = tmp_path / "a.json"
    path.write_text(json.dumps([*OBJECTS, {"text": "x" * 30}]))
    with pytest.raises(BadRecord, match="the record is longer"):
        list(numbered_lines(path))


def test_an_array_over_the_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "ARRAY_CAP", 30)
    path = tmp_path / "a b.json"
    path.write_text(json.dumps(OBJECTS))
    with pytest.raises(BadRecord) as caught:
        list(numbered_lines(path))
    assert caught.value.repair == f"write it as JSONL: jq -c '.[]' '{path}' > lines.jsonl"


def test_a_list_further_down_is_left_to_the_reader_of_records(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n["b"]\n')
    assert numbers_and_objects(path) == [(1, {"text": "a"}), (2, ["b"])]


def test_the_file_is_not_read_further_than_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "a"}\n' + b"\x00" * 2**25)
    assert next(numbered_lines(path)) == (1, b'{"text": "a"}\n')
