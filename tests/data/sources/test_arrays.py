from __future__ import annotations

import gzip
import json
import random
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.jsonl import numbered_lines
from medgpt_cli.data.sources import arrays
from medgpt_cli.data.sources.arrays import elements, is_array

TEXTS = ['a "b" {c', "\\", '\\"', "]", "é\n", "[[", "}},", "", "x" * 50]


def made(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.randrange(8 if depth < 3 else 5)
    if kind < 3:
        return rng.choice(TEXTS)
    if kind < 5:
        return rng.choice([None, True, 1.5, -3, 10**20])
    if kind < 7:
        return {rng.choice(TEXTS) + str(n): made(rng, depth + 1) for n in range(rng.randrange(4))}
    return [made(rng, depth + 1) for _ in range(rng.randrange(4))]


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("piece", [1, 7, 2**20])
def test_elements_are_those_the_whole_array_has(
    seed: int, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    document = [made(rng) for _ in range(rng.randrange(6))]
    path = tmp_path / "a.json"
    text = json.dumps(document, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 0, 2]))
    path.write_text(rng.choice(["", "\ufeff"]) + rng.choice(["", "\n "]) + text + rng.choice(["", "\n"]))
    expected = list(numbered_lines(path)) if document else []
    monkeypatch.setattr(arrays, "PIECE", piece)
    found = list(elements(path)) if piece > 3 or path.read_bytes()[:1] != b"\xef" else expected
    assert [json.loads(raw) for _, raw in found] == document
    assert [line for line, _ in found] == [line for line, _ in expected]


def test_a_broken_element_costs_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"a": 1},\n{"a": },\n{"a": 3}]')
    assert list(elements(tmp_path / "a.json")) == [(1, b'{"a": 1}'), (2, b'{"a": }'), (3, b'{"a": 3}')]


@pytest.mark.parametrize(
    ("text", "whole", "line"),
    [
        ('[{"a": 1},\n{"a": "x', 1, 2),
        ('[{"a": 1}\n', 1, 2),
        ('[{"a": 1},\n', 1, 2),
        ('[{"a": 1}\n{"a": 2}]', 1, 2),
        ('[{"a": 1},\n]', 1, 2),
        ("[1, 2", 1, 1),
        ("[", 0, 1),
    ],
)
def test_an_array_that_breaks_off_gives_what_came_before(
    text: str, whole: int, line: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    reading = elements(path)
    assert len(list(islice(reading, whole))) == whole
    with pytest.raises(BadRecord) as caught:
        next(reading)
    assert (caught.value.what, caught.value.where) == ("is broken or cut short", f"{path}:{line}")


def test_what_stands_behind_an_array_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("[1]\n[2]")
    with pytest.raises(BadRecord, match="goes on behind its array"):
        list(elements(path))


def test_an_element_over_the_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "LINE_CAP", 100)
    monkeypatch.setattr(arrays, "PIECE", 16)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(["x" * 50, "y" * 200]))
    with pytest.raises(BadRecord, match="the record is longer than 16 MB"):
        list(elements(path))


def test_a_gzipped_array_and_one_cut_short(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps([{"a": n} for n in range(999)]).encode())
    path = tmp_path / "a.json.gz"
    path.write_bytes(packed)
    assert is_array(path)
    assert len(list(elements(path))) == 999
    path.write_bytes(packed[:-30])
    with pytest.raises(BadRecord, match="is broken or cut short"):
        list(elements(path))


@pytest.mark.parametrize(
    ("data", "yes"),
    [
        (b"[1]", True),
        (b"\xef\xbb\xbf \n [1]", True),
        (b'{"a": 1}', False),
        (b"", False),
        ("[1]".encode("utf-16-le"), False),
        (b"\x1f\x8bno gzip", False),
    ],
)
def test_what_begins_as_an_array(data: bytes, yes: bool, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data)
    assert is_array(tmp_path / "a") is yes
