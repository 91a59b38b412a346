"""Where a preparation says that something is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.workflows.prep.making import pair, prep, written


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_bad_element_of_an_array_on_one_line_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("train.json").write_text(json.dumps([*map(pair, range(3)), {"question": "x", "answer": ""}]))
    assert prep("train.json", "--out", "out") == 3
    assert "train.json:1[3]  answer is empty" in capsys.readouterr().err
    found = [json.loads(line) for line in Path("out/rejects.jsonl").read_text().splitlines()]
    assert found == [
        {"file": "train.json", "line": 1, "stage": "record", "reason": "answer is empty", "element": 3}
    ]


def test_a_copy_in_an_array_is_named_by_its_element() -> None:
    Path("train.json").write_text(json.dumps([pair(0), pair(1), pair(0)]))
    assert prep("train.json", "--out", "out") == 0
    [found] = [json.loads(line) for line in Path("out/rejects.jsonl").read_text().splitlines()]
    assert (found["stage"], found["line"], found["element"]) == ("duplicate", 1, 2)


def test_what_was_left_out_stands_in_the_order_of_the_files_and_their_lines() -> None:
    bad = {"question": "x", "answer": ""}
    Path("b").mkdir()
    written(Path("b/1.jsonl"), pair(0), bad, pair(0), bad, pair(0))
    Path("b/2.json").write_text(json.dumps([pair(1), bad, pair(0), bad, pair(1)]))
    assert prep("b/1.jsonl", "b/2.json", "--out", "out", "--max-bad", "9") == 0
    found = [json.loads(line) for line in Path("out/rejects.jsonl").read_text().splitlines()]
    assert [(each["file"], each["line"], each.get("element")) for each in found] == [
        *(("b/1.jsonl", line, None) for line in (2, 3, 4, 5)),
        *(("b/2.json", 1, element) for element in (1, 2, 3, 4)),
    ]
    assert {each["stage"] for each in found} == {"record", "duplicate"}


def test_standard_input_is_no_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert prep("-", "--out", "out") == 2
    assert "standard input can be read only once" in capsys.readouterr().err
    assert not Path("out").exists()
