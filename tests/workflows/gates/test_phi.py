"""The gate before training, as a person meets it: refused, de-identified, attested, strict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.core.errors import PhiFound
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.recipe.gate_sections import Attest, Phi
from medgpt_cli.core.types import Sample
from medgpt_cli.data.privacy import samples as scanning
from medgpt_cli.data.records import read_records
from medgpt_cli.workflows.gates.phi import phi_gate

FAST = ["train.batch_size=2", "train.max_steps=1"]
SURE = {"question": "Summary?", "answer": "Patient: John Brown, MRN: 48291035. Lungs are clear."}
DOUBTFUL = {"question": "Change?", "answer": "No change since 03/14/2019."}
CLEAN = {"question": "Which plane?", "answer": "axial"}
ATTESTED = [
    "gates.phi.attest.by=Radiology",
    "gates.phi.attest.basis=IRB 2026-123",
    "gates.phi.attest.classes=[name, record_number]",
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(
    *records: dict[str, object], name: str = "local.jsonl"
) -> tuple[list[Sample], dict[str, str]]:
    path = Path(name)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return read_records(path).samples, {name: sha256_file(path)}


def test_training_on_identified_data_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    written(CLEAN, SURE)
    assert main(["sft", "--data", "local.jsonl", *FAST]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(
        "local.jsonl:2 turns[1]  name: 1 finding of high confidence\n"
        "local.jsonl:2 turns[1]  record_number: 1 finding of high confidence\n"
        "error: the training data identify patients (name 1, record_number 1)\n"
        "de-identify them: medgpt data deid local.jsonl --out DIR; or answer for it: gates.phi.attest.by='NAME' "
        "gates.phi.attest.basis='WHY' gates.phi.attest.classes='[name,record_number]'\n"
    )
    assert "Brown" not in err
    assert "4829" not in err
    assert not Path("runs").exists()


def test_the_document_of_a_refusal_has_its_own_name(capsys: pytest.CaptureFixture[str]) -> None:
    written(CLEAN, name="first.jsonl")
    written(SURE, DOUBTFUL)
    assert main(["sft", "--data", "first.jsonl", "--data", "local.jsonl", "--json", *FAST]) == 4
    document = json.loads(capsys.readouterr().out)
    assert document["what"] == "the training data identify patients (name 1, record_number 1)"
    assert document["repair"].startswith("de-identify them: medgpt data deid local.jsonl --out DIR;")
    assert (document["error"], document["exit_code"]) == ("PHI_FOUND", 4)


def test_who_answers_for_it_stands_in_the_manifest() -> None:
    written(CLEAN, SURE)
    assert main(["sft", "--data", "local.jsonl", "--out", "run", *FAST, *ATTESTED]) == 0
    gate = json.loads(Path("run/manifest.json").read_text())["gates"]["phi"]
    assert gate == {
        "level": "normal",
        "sure": {"name": 1, "record_number": 1},
        "doubtful": {},
        "attest": {
            "by": "Radiology",
            "basis": "IRB 2026-123",
            "classes": ["name", "record_number"],
        },
        "deidentified": [],
        "looked_at": "texts and fields by rules, headers and metadata of images; not names without context, "
        "not burned-in text",
    }


def test_a_copy_made_by_deid_is_trained_on() -> None:
    written(CLEAN, SURE)
    assert main(["data", "deid", "local.jsonl", "--out", "clean"]) == 0
    assert main(["sft", "--data", "clean/local.jsonl", "--out", "run", *FAST]) == 0
    gate = json.loads(Path("run/manifest.json").read_text())["gates"]["phi"]
    assert (gate["sure"], gate["deidentified"]) == ({}, ["clean/local.jsonl"])


def test_a_copy_that_was_changed_is_read_like_any_other_file() -> None:
    written(CLEAN)
    assert main(["data", "deid", "local.jsonl", "--out", "clean"]) == 0
    samples, hashes = written(CLEAN, SURE, name="clean/local.jsonl")
    with pytest.raises(PhiFound):
        phi_gate(samples, Phi(), hashes)


def test_doubtful_findings_are_counted_and_refused_only_when_strict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    samples, hashes = written(DOUBTFUL, DOUBTFUL)
    assert phi_gate(samples, Phi(), hashes)["doubtful"] == {"date": 2}
    assert capsys.readouterr().err == (
        "warning: 2 places may identify patients (date 2); medgpt data scan names them, "
        "gates.phi.level=strict refuses them\n"
    )
    with pytest.raises(PhiFound) as refused:
        phi_gate(samples, Phi(level="strict"), hashes)
    assert [str(each) for each in refused.value.complaints] == [
        "local.jsonl:1 turns[1]  date: 2 doubtful findings, also at 2 turns[1]"
    ]


def test_an_attestation_waives_only_the_classes_it_names() -> None:
    samples, hashes = written(SURE)
    attest = Attest(by="Radiology", basis="IRB 2026-123", classes=("name",))
    with pytest.raises(PhiFound, match=r"identify patients \(record_number 1\)"):
        phi_gate(samples, Phi(attest=attest), hashes)


def test_clean_data_pass_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    samples, hashes = written(CLEAN, {"text": "Foley catheter; Hodgkin lymphoma; aspirin 81 mg."})
    outcome = phi_gate(samples, Phi(), hashes)
    assert (outcome["sure"], outcome["doubtful"], outcome["attest"]) == ({}, {}, None)
    assert capsys.readouterr().err == ""


def test_the_same_bytes_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    samples, hashes = written(DOUBTFUL, CLEAN, {"question": "Only here?", "answer": "yes"})
    first = phi_gate(samples, Phi(), hashes)
    monkeypatch.setattr(scanning.Scan, "add", None)  # reading again would fail
    assert phi_gate(samples, Phi(), hashes) == first


def test_half_an_attestation_is_no_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    written(SURE)
    assert main(["sft", "--data", "local.jsonl", "gates.phi.attest.by=Radiology"]) == 3
    assert "is half an attestation: basis and classes are empty" in capsys.readouterr().err
