"""What a model is evaluated on is left out of its training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.core.errors import BadImage
from medgpt_cli.core.files import sha256_file
from medgpt_cli.data.records import read_records
from medgpt_cli.workflows.gates.leakage import against_hashes, leakage_gate
from tests.pictures import film

ASKED = "Which drug is the first choice for a patient with stable angina and normal pressure?"
TRAIN = [
    {"image": "copy.jpg", "caption": "a film"},
    {"image": "own.png", "caption": "another film"},
    {"question": ASKED, "answer": "a beta blocker", "patient_id": 3},
    {"question": "What is a stent?", "answer": "a tube", "patient_id": 4},
]
EVALUATION = [
    {"image": "film.png", "caption": "what is asked"},
    {"question": ASKED.replace("Which", "Identify which"), "answer": "b"},
    {"text": "x", "patient_id": 4},
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    film(1).save("film.png")
    film(1).save("copy.jpg", quality=80)
    film(2).save("own.png")
    for name, records in (("train.jsonl", TRAIN), ("eval.jsonl", EVALUATION)):
        Path(name).write_text("".join(json.dumps(record) + "\n" for record in records))


def test_records_are_left_out_by_the_surest_reason(capsys: pytest.CaptureFixture[str]) -> None:
    samples = read_records(Path("train.jsonl")).samples
    kept, dropped = leakage_gate(samples, [Path("eval.jsonl")])
    assert [sample.place.line for sample in kept] == [2]
    assert dropped == {"near image": 1, "same question": 1, "same key": 1}
    assert capsys.readouterr().err == (
        "warning: left out: 3 records that meet evaluation records "
        "(near image 1, same question 1, same key 1); medgpt data leakage lists them\n"
    )


def test_without_overlap_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    samples = read_records(Path("train.jsonl")).samples[1:2]
    assert leakage_gate(samples, [Path("eval.jsonl")]) == (samples, {})
    assert capsys.readouterr().err == ""


def test_evaluation_images_that_cannot_be_opened_refuse() -> None:
    Path("film.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    with pytest.raises(BadImage, match="1 evaluation images cannot be opened") as error:
        leakage_gate(read_records(Path("train.jsonl")).samples, [Path("eval.jsonl")])
    assert error.value.complaints[0].where == "eval.jsonl:1 images[0]"


def test_hashes_of_files_and_prepared_sets() -> None:
    Path("set").mkdir()
    Path("raw").mkdir()
    Path("set/manifest.json").write_text("{}")
    assert against_hashes([Path("eval.jsonl"), Path("set"), Path("raw")]) == {
        "eval.jsonl": sha256_file(Path("eval.jsonl")),
        "set": sha256_file(Path("set/manifest.json")),
    }


def test_training_leaves_them_out_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["sft", "--data", "train.jsonl", "--out", "run", "train.max_steps=1", "train.batch_size=1"]
    assert main([*line, 'data.against=["eval.jsonl"]']) == 0
    manifest = json.loads(Path("run/manifest.json").read_text())
    assert (manifest["records"], manifest["leakage"]) == (
        1,
        {"left_out": {"near image": 1, "same question": 1, "same key": 1}},
    )
    assert manifest["data"]["eval.jsonl"] == sha256_file(Path("eval.jsonl"))
    assert "3 that meet evaluation records left out" in capsys.readouterr().err


def test_a_set_that_is_all_evaluation_is_no_training_set(capsys: pytest.CaptureFixture[str]) -> None:
    Path("train.jsonl").write_text(Path("eval.jsonl").read_text())
    assert main(["sft", "--data", "train.jsonl", "--out", "run", 'data.against=["eval.jsonl"]']) == 3
    assert "error: train.jsonl  no record is left to train on" in capsys.readouterr().err
    assert not Path("run").exists()
