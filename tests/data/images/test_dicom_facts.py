from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images import dicom_facts as module
from medgpt_cli.data.images.dicom_facts import dicom_facts
from tests.data.images.pictures import dicom, gradient, save


def facts(tmp_path: Path, syntax: Any = ExplicitVRLittleEndian, **tags: Any) -> dict[str, str]:
    with save(dicom(gradient(), syntax, **tags), tmp_path / "a").open("rb") as stream:
        return dict(dicom_facts(stream))


SIZE = {"rows": "24", "columns": "32"}


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_what_is_listed_is_said(tmp_path: Path, syntax: Any) -> None:
    found = facts(
        tmp_path, syntax, Modality="DX", ViewPosition="PA", PatientSex="F", PatientAge="067Y",
        BodyPartExamined="CHEST", ImageLaterality="L", PixelSpacing=[0.143, 0.1430001],
    )  # fmt: skip
    assert found == {
        "modality": "DX", "view": "PA", "sex": "F", "body_part": "CHEST", "laterality": "L", "age": "67",
        **SIZE, "spacing": "0.143x0.143",
    }  # fmt: skip


def test_everything_else_is_dropped(tmp_path: Path) -> None:
    needles = {
        "PatientName": "Needle^One", "PatientID": "needle2", "StudyDescription": "needle3",
        "SeriesDescription": "needle4",
        "ImageComments": "needle5", "InstitutionName": "needle6", "AccessionNumber": "needle7",
        "StudyDate": "20200101",
        "StationName": "needle8", "OperatorsName": "needle9", "ProtocolName": "needle10",
        "PatientBirthDate": "19500101",
        "RequestedProcedureDescription": "needle11", "AdditionalPatientHistory": "needle12",
        "StudyID": "x",
    }  # fmt: skip
    dataset = dicom(gradient(), **needles)
    block = dataset.private_block(0x0009, "NEEDLE", create=True)
    block.add_new(1, "LO", "needle13")
    with save(dataset, tmp_path / "a").open("rb") as stream:
        found = dicom_facts(stream)
    assert dict(found) == SIZE
    assert b"needle13" in (tmp_path / "a").read_bytes()


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({"Modality": "DOE JANE"}, "modality"),
        ({"ViewPosition": "JANE DOE"}, "view"),
        ({"BodyPartExamined": "DOE JANE"}, "body_part"),
        ({"PatientSex": "X"}, "sex"),
        ({"Laterality": "JANE"}, "laterality"),
        ({"PixelSpacing": [0.1, 1e9]}, "spacing"),
    ],
)
def test_a_value_that_is_no_term_is_dropped(tmp_path: Path, tags: dict[str, Any], name: str) -> None:
    assert name not in facts(tmp_path, **tags)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("089Y", "89"), ("090Y", "90+"), ("093Y", "90+"), ("999Y", "90+"), ("018M", "1"), ("012M", "1"),
        ("006W", "0"), ("010D", "0"), ("", None), ("Y067", None), ("67Y", None), ("06 Y", None),
    ],
)  # fmt: skip
def test_ages_are_whole_years_and_clipped(written: str, said: str | None) -> None:
    assert (module._age(written) or None) == said


def test_one_bad_value_does_not_cost_the_others(tmp_path: Path) -> None:
    whole = save(
        dicom(gradient(), PatientSex="F", PixelSpacing=[0.143, 0.2]), tmp_path / "a"
    ).read_bytes()
    broken = whole.replace(b"0.143", b"x.143")
    assert broken != whole
    assert dict(dicom_facts(io.BytesIO(broken))) == {"sex": "F", **SIZE}


def test_damage_anywhere_gives_terms_or_a_refusal_and_never_more(tmp_path: Path) -> None:
    whole = save(
        dicom(gradient(), PatientSex="F", PatientAge="067Y", Modality="CT"), tmp_path / "a"
    ).read_bytes()
    draw = np.random.default_rng(6)
    outcomes = set()
    for _ in range(300):
        broken = bytearray(whole)
        for position in draw.integers(128, 700, 4):
            broken[position] = draw.integers(0, 256)
        try:
            found = dict(dicom_facts(io.BytesIO(broken)))
        except BadImage as error:
            outcomes.add(error.what)
        else:
            outcomes.add("facts")
            assert not [value for value in found.values() if "DOE" in value.upper()]
    assert outcomes >= {"facts"}
    assert outcomes <= {"facts", "is a damaged DICOM file"}
