"""`medgpt data check`, as a person sees it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from medgpt_cli.app import main

GOOD = [
    {
        "question": "Is there a nodule?",
        "options": ["no", "yes"],
        "answer": "no",
        "image": "a.png",
        "patient_id": 1,
    },
    {"image": ["a.png", "b.png"], "caption": "Two views", "patient_id": 1},
    {"text": "A document"},
]
BAD = [{"question": "Jane Doe?", "answer": ""}, {"image": "torn.png", "caption": "Jane Doe"}]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png", "torn.png"):
        Image.effect_noise((32, 32), 50).save(name)
    Path("torn.png").write_bytes(Path("torn.png").read_bytes()[:300])
    Path("good.jsonl").write_text("\n".join(map(json.dumps, GOOD)))
    Path("bad.jsonl").write_text("\n".join(map(json.dumps, GOOD + BAD)))


def test_a_good_file_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "good.jsonl"]) == 0
    out, err = capsys.readouterr()
    assert out == (
        "counted           good.jsonl\n"
        "records           3\n"
        "unreadable        0\n"
        "forms: caption    1\n"
        "forms: pair       1\n"
        "forms: text       1\n"
        "roles: assistant  2\n"
        "roles: user       2\n"
        "images            3\n"
        "image files       2\n"
        "with options      1\n"
        "patients          1\n"
    )
    assert err == "nothing is wrong\n"


def test_every_fault_is_named_and_nothing_is_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "bad.jsonl"]) == 3
    out, err = capsys.readouterr()
    assert out.splitlines()[1:3] == ["records           5", "unreadable        1"]
    assert err == (
        "bad.jsonl:4 answer  is empty; fill it in, or leave the record out\n"
        "bad.jsonl:5 images[0]  is damaged or cut short; copy it again from where it came\n"
        "error: bad.jsonl  2 faults in 5 records\n"
        "mend them; training refuses the file, or leaves out up to N bad records with data.max_bad=N\n"
    )
    assert "Jane" not in out + err


def test_json_is_one_document_with_every_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    Path("many.jsonl").write_text('{"text": ""}\n' * 30)
    assert main(["data", "check", "many.jsonl", "--json"]) == 3
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert (document["error"], document["exit_code"], document["unreadable"]) == ("BAD_RECORD", 3, 30)
    assert [each["where"] for each in document["complaints"]] == [
        f"many.jsonl:{n} text" for n in range(1, 31)
    ]
    assert err == ""
    assert main(["data", "check", "good.jsonl", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["forms"] == {"pair": 1, "caption": 1, "text": 1}
    assert (document["roles"], document["complaints"]) == ({"user": 2, "assistant": 2}, [])
    assert "error" not in document


def test_only_the_first_twenty_faults_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    Path("many.jsonl").write_text('{"text": ""}\n' * 30)
    assert main(["data", "check", "many.jsonl"]) == 3
    lines = capsys.readouterr().err.splitlines()
    assert lines[19].startswith("many.jsonl:20 text")
    assert lines[20:22] == [
        "… and 10 more (--json lists all)",
        "error: many.jsonl  30 faults in 30 records",
    ]


def test_a_file_that_cannot_be_read_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.jsonl").touch()
    assert main(["data", "check", "empty.jsonl"]) == 3
    assert capsys.readouterr() == (
        "",
        "error: empty.jsonl  holds no records\nwrite one JSON object a line\n",
    )
    assert main(["data", "check", "gone.jsonl", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"] == "NOT_FOUND"


def test_an_image_root(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "good.jsonl").write_text(json.dumps(GOOD[1]))
    assert main(["data", "check", "lists/good.jsonl"]) == 3
    assert "lists/good.jsonl:1 image[0]  there is no such file" in capsys.readouterr().err
    assert main(["data", "check", "lists/good.jsonl", "--image-root", "."]) == 0


def test_nothing_is_written_and_no_input_changed(tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    main(["data", "check", "bad.jsonl"])
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_standard_input_is_checked_and_called_by_its_sign(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = json.dumps([*GOOD, {"question": "Jane Doe?", "answer": ""}]).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(said)))
    assert main(["data", "check", "-"]) == 3
    out, err = capsys.readouterr()
    assert "-:1[3] answer  is empty" in err
    assert "Jane" not in out + err


def test_an_image_of_an_array_is_told_by_its_element(capsys: pytest.CaptureFixture[str]) -> None:
    Path("train.json").write_text(json.dumps([GOOD[2], {"image": "torn.png", "caption": "x"}]))
    assert main(["data", "check", "train.json"]) == 3
    assert "train.json:1[1] images[0]" in capsys.readouterr().err
