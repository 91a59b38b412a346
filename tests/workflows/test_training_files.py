from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.core.errors import BadRecord, HashMismatch, NotThere
from medgpt_cli.workflows import training_files
from medgpt_cli.workflows.training_files import TRAIN, VALIDATION
from tests.workflows.prep.making import pair, picture, prep, written


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    for number in range(4):
        picture(tmp_path / f"{number}.png", number)
    records = [
        pair(
            n,
            image=f"{n}.png" if n < 4 else [],
            patient_id=str(n),
            split="val" if n % 5 == 0 else "train",
        )
        for n in range(20)
    ]
    path = written(tmp_path / "a.jsonl", *records)
    assert prep(path, "--out", tmp_path / "set", "output.images=embed") == 0
    return tmp_path / "set"


def test_a_prepared_set_gives_its_splits(prepared: Path) -> None:
    learnt, faults = training_files.read_split(prepared, TRAIN, image_root=None)
    watched, _ = training_files.read_split(prepared, VALIDATION, image_root=None)
    assert (len(learnt.samples), len(watched.samples), faults) == (16, 4, ())
    assert training_files.validation_files([prepared], []) == [prepared]
    named = [Path("b.jsonl")]
    assert training_files.validation_files([prepared], named) == named


def test_a_record_file_is_taken_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", pair(1), pair(2))
    records, _ = training_files.read_split(path, TRAIN, image_root=None)
    assert len(records.samples) == 2
    assert training_files.validation_files([path], []) == []


def test_a_changed_shard_is_refused(prepared: Path) -> None:
    [shard] = (prepared / "data").glob("train-*")
    data = bytearray(shard.read_bytes())
    data[100] ^= 1
    shard.write_bytes(data)
    with pytest.raises(HashMismatch, match="is missing or not the file"):
        training_files.read_split(prepared, TRAIN, image_root=None)


def test_a_referenced_picture_that_went_is_noticed(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 1)
    path = written(tmp_path / "a.jsonl", pair(1, image="a.png", split="train"))
    assert prep(path, "--out", tmp_path / "set") == 0
    (tmp_path / "a.png").unlink()
    _, faults = training_files.read_split(tmp_path / "set", TRAIN, image_root=None)
    assert [fault.what for fault in faults] == ["there is no such file"]


def test_a_set_without_the_split(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", pair(1, split="test"))
    assert prep(path, "--out", tmp_path / "set") == 0
    with pytest.raises(BadRecord, match="holds no train split"):
        training_files.read_split(tmp_path / "set", TRAIN, image_root=None)


def test_a_folder_that_is_no_prepared_set(tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="is a folder and no prepared set"):
        training_files.require_files([tmp_path])


def test_training_takes_a_prepared_set_and_watches_its_validation(
    prepared: Path, tmp_path: Path, tiny: Path
) -> None:
    out = tmp_path / "run"
    words = ["train.max_steps=1", "train.eval_steps=1", "train.batch_size=2"]
    assert main(["sft", "--data", str(prepared), "--out", str(out), *words]) == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert str(prepared) in json.dumps(manifest)
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert any("validation_loss" in line for line in lines)
