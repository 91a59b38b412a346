from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.core.errors import BadRecord
from medgpt_cli.workflows.own_records import read_questions
from tests.workflows.prep.making import pair, prep, rows, written


def ids(path: Path) -> list[str]:
    return [sample.id for sample in read_questions(path)[0]]


def test_a_record_file_is_asked_whole(tmp_path: Path) -> None:
    assert ids(written(tmp_path / "a.jsonl", pair(1, split="train"), pair(2))) == ["r1", "r2"]


def test_a_prepared_set_is_asked_its_test_split_then_its_validation(tmp_path: Path) -> None:
    both = written(
        tmp_path / "a.jsonl", pair(1, split="train"), pair(2, split="val"), pair(3, split="test")
    )
    assert prep(both, "--out", tmp_path / "both") == 0
    assert ids(tmp_path / "both") == ["r3"]
    one = written(tmp_path / "b.jsonl", pair(1, split="train"), pair(2, split="val"))
    assert prep(one, "--out", tmp_path / "one") == 0
    assert ids(tmp_path / "one") == ["r2"]


def test_a_prepared_set_without_either_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", pair(1, split="train"))
    assert prep(path, "--out", tmp_path / "set") == 0
    with pytest.raises(BadRecord, match="holds no test split"):
        read_questions(tmp_path / "set")


def test_a_folder_is_asked_what_was_published_as_test(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", pair(1, split="train"), pair(2, split="testing"))
    written(tmp_path / "b.jsonl", pair(3, split="test"))
    assert ids(tmp_path) == ["r2", "r3"]
    before = read_questions(tmp_path)[1]
    written(tmp_path / "b.jsonl", pair(4, split="test"))
    assert read_questions(tmp_path)[1] != before


def test_check_takes_a_prepared_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.jsonl", *(pair(n, patient_id=str(n // 2)) for n in range(40)))
    assert prep(path, "--out", tmp_path / "set") == 0
    capsys.readouterr()
    assert main(["data", "check", str(tmp_path / "set"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["records"], found["patients"], found["keys_apart"]) == (40, 20, 20)
    assert sum(found["splits"].values()) == 40
    [shard] = (tmp_path / "set" / "data").glob("train-*")
    data = bytearray(shard.read_bytes())
    data[50] ^= 1
    shard.write_bytes(data)
    assert main(["data", "check", str(tmp_path / "set")]) == 4


def test_a_table_is_prepared_by_a_map_of_its_columns(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text(
        "pid,q,a,kind\n1,what is it,a lung,CT\n2,where is it,on the left,MR\n"
    )
    (tmp_path / "mine.yaml").write_text(
        "stage: data\n"
        "data:\n"
        "  sources:\n"
        f"    - path: {tmp_path}/notes.csv\n"
        "      columns: {question: q, answer: a, patient_id: pid, facet.modality: kind}\n"
        "splits: {train: 1, validation: 0, test: 0}\n"
    )
    assert prep("--recipe", tmp_path / "mine.yaml", "--out", tmp_path / "set") == 0
    first, _ = rows(tmp_path / "set", "train")
    assert first["messages"][1]["content"] == "a lung"
    assert (first["patient_id"], first["facets"]) == ("1", [{"name": "modality", "value": "CT"}])
    assert main(["recipe", "show", str(tmp_path / "mine.yaml")]) == 0
