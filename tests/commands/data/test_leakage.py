"""`medgpt data leakage`, as a person sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import ImageOps

from medgpt_cli.app import main
from tests.pictures import film

TRAIN = [
    {"question": "Is Jane Doe's heart large?", "answer": "no", "image": "copy.jpg"},
    {"image": "own.png", "caption": "Jane Doe, two views"},
    {"text": "Jane Doe", "patient_id": 7},
]
EVALUATION = [
    {"question": "Is there an effusion?", "answer": "no", "image": "film.png"},
    {"question": "What of Jane Doe?", "answer": "well", "patient_id": "7"},
]
CLEAN = [{"image": "own.png", "caption": "x"}, {"text": "y"}]


def write(path: str, records: list[dict[str, object]]) -> None:
    Path(path).write_text("".join(json.dumps(record) + "\n" for record in records))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    film(1).save("film.png")
    ImageOps.mirror(film(1)).save("copy.jpg", quality=90)
    film(2).save("own.png")
    write("train.jsonl", TRAIN)
    write("eval.jsonl", EVALUATION)
    write("clean.jsonl", CLEAN)


def test_overlaps_are_listed_with_reason_and_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["data", "leakage", "train.jsonl", "--against", "eval.jsonl", "--against", "clean.jsonl"])
        == 4
    )
    out, err = capsys.readouterr()
    distance = out.split("distance ")[1].split(" ")[0]
    assert int(distance) <= 16
    assert out == (
        "training                 evaluation               reason       evidence\n"
        f"train.jsonl:1 images[0]  eval.jsonl:1 images[0]   near image   distance {distance} of 256, mirrored\n"
        "train.jsonl:2 images[0]  clean.jsonl:1 images[0]  same pixels  pixel for pixel\n"
        "train.jsonl:3            eval.jsonl:2             same key     patient\n"
        "\n"
        "counted                      train.jsonl\n"
        "training records             3\n"
        "meeting by same key          1\n"
        "meeting by same pixels       1\n"
        "meeting by near image        1\n"
        "meeting by same question     0\n"
        "meeting by near text         0\n"
        "meeting by n-gram coverage   0\n"
        "contaminated in eval.jsonl   2 of 2\n"
        "contaminated in clean.jsonl  1 of 2\n"
    )
    assert err == (
        "reading the evaluation sets …\n"
        "comparing with 4 evaluation records …\n"
        "error: 3 of 3 training records meet 3 evaluation records\n"
        "leave them out: name the evaluation sets in data.against of the recipe\n"
    )
    assert "Jane" not in out + err


def test_nothing_in_common_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "leakage", "clean.jsonl", "--against", "eval.jsonl", "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert "contaminated in eval.jsonl  0 of 2" in out
    assert err == ""
    assert main(["data", "leakage", "clean.jsonl", "--against", "eval.jsonl"]) == 0
    assert capsys.readouterr().err.endswith("nothing overlaps\n")


def test_json_is_one_document_without_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "leakage", "train.jsonl", "--against", "eval.jsonl", "--json"]) == 4
    out = capsys.readouterr().out
    document = json.loads(out)
    assert (document["error"], document["exit_code"], document["leaking"]) == ("LEAKAGE_FOUND", 4, 2)
    assert document["against"] == [{"set": "eval.jsonl", "records": 2, "contaminated": 2}]
    assert document["listed"][1] == {
        "train": {"file": "train.jsonl", "line": 3},
        "reason": "same key",
        "evidence": "patient",
        "against": {"file": "eval.jsonl", "line": 2},
    }
    assert "Jane" not in out
    assert main(["data", "leakage", "clean.jsonl", "--against", "eval.jsonl", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert ("error" in document, document["leaking"], document["listed"]) == (False, 0, [])


@pytest.mark.parametrize("keep", [False, True])
def test_the_report_shows_texts_only_when_asked(keep: bool, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["data", "leakage", "train.jsonl", "--against", "eval.jsonl", "--out", "found", "--quiet"]
    assert main([*line, *(["--keep-text"] if keep else [])]) == 4
    page, document = Path("found/report.html").read_text(), Path("found/leakage.json").read_text()
    assert sorted(path.name for path in Path("found").iterdir()) == ["leakage.json", "report.html"]
    assert ("Jane" in page, "Jane" in document) == (keep, keep)
    assert "near image" in page
    assert "http" not in page
    assert json.loads(document)["environment"]["medgpt"]
    assert Path("found").stat().st_mode & 0o007 == 0
    capsys.readouterr()
    assert main(line) == 2
    assert capsys.readouterr().err == (
        "error: found is not empty\nname another --out, or replace it with --force\n"
    )
    assert main([*line, "--force"]) == 4
    assert "Jane" not in Path("found/report.html").read_text()


def test_a_folder_of_others_is_never_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").mkdir()
    Path("mine/thesis.tex").write_text("years")
    line = ["data", "leakage", "train.jsonl", "--against", "eval.jsonl", "--out"]
    assert main([*line, "mine", "--force"]) == 2
    assert capsys.readouterr().err == "error: mine holds something else\nname another --out\n"
    assert main([*line, "film.png", "--force"]) == 2
    assert capsys.readouterr().err == "error: film.png is a file\nname a folder with --out\n"


def test_what_could_not_be_compared_is_no_all_clear(capsys: pytest.CaptureFixture[str]) -> None:
    Path("own.png").write_bytes(Path("film.png").read_bytes()[:300])
    assert main(["data", "leakage", "clean.jsonl", "--against", "eval.jsonl", "--quiet"]) == 3
    assert capsys.readouterr().err == (
        "error: 1 image could not be opened, so what they show was not compared\n"
        "mend them; medgpt data check names those of the training set\n"
    )
    assert main(["data", "leakage", "eval.jsonl", "--against", "clean.jsonl", "--quiet"]) == 3
    assert capsys.readouterr().err == (
        "clean.jsonl:1 images[0]  is damaged or cut short; copy it again from where it came\n"
        "error: 1 image could not be opened, so what they show was not compared\n"
        "mend them; medgpt data check names those of the training set\n"
    )


def test_a_set_that_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "leakage", "train.jsonl"]) == 2
    assert capsys.readouterr().err.startswith("error: --against is missing")
    assert main(["data", "leakage", "none.jsonl", "--against", "eval.jsonl", "--quiet"]) == 3
    assert main(["data", "leakage", "train.jsonl", "--against", "none.jsonl", "--quiet"]) == 3
    write("bad.jsonl", [{"text": ""}, *CLEAN])
    capsys.readouterr()
    assert main(["data", "leakage", "clean.jsonl", "--against", "bad.jsonl", "--quiet"]) == 3
    assert capsys.readouterr().err == (
        "bad.jsonl:1 text  is empty; fill it in, or leave the record out\n"
        "error: bad.jsonl  1 of 3 records cannot be used\n"
        "mend them; medgpt data check lists every fault\n"
    )
