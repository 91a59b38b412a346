"""What of a set is trained on and what is evaluation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.leakage.roles import evaluation_samples, training_samples


def lines(path: Path, splits: list[str]) -> Path:
    records = [{"text": "x", **({"split": split} if split else {})} for split in splits]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@pytest.mark.parametrize(
    ("splits", "training", "evaluation"),
    [
        (["", ""], [1, 2], [1, 2]),
        (["train", "test", "validate", "train"], [1, 4], [2, 3]),
        (["Train", "", "TEST"], [1, 2], [2, 3]),
        (["train", "train"], [1, 2], [1, 2]),
        (["test", "val"], [1, 2], [1, 2]),
        (["fold1", "train"], [1, 2], [1]),
    ],
)
def test_by_published_split(
    tmp_path: Path, splits: list[str], training: list[int], evaluation: list[int]
) -> None:
    path = lines(tmp_path / "set.jsonl", splits)
    assert [sample.place.line for sample in training_samples(path)] == training
    assert [sample.place.line for sample in evaluation_samples(path)] == evaluation


def test_a_bad_record_is_told_whatever_split_it_has(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"text": "x", "split": "test"}\n{"text": "", "split": "test"}\n')
    with pytest.raises(BadRecord, match="1 of 2"):
        list(evaluation_samples(path))
    told = []
    assert len(list(training_samples(path, on_bad=told.append))) == 1
    assert [complaint.where for complaint in told] == [f"{path}:2 text"]


def test_a_prepared_set_is_told_by_its_splits(tmp_path: Path) -> None:
    path = lines(tmp_path / "set.jsonl", ["train", "test", "train", "validation"])
    path.write_text(
        "".join(
            json.dumps(
                json.loads(line)
                | {"text": f"what record {number} says at some length", "id": str(number)}
            )
            + "\n"
            for number, line in enumerate(path.read_text().splitlines())
        )
    )
    assert main(["data", "prep", str(path), "--out", str(tmp_path / "set"), "--quiet"]) == 0
    assert {sample.id for sample in training_samples(tmp_path / "set")} == {"0", "2"}
    assert {sample.id for sample in evaluation_samples(tmp_path / "set")} == {"1", "3"}
