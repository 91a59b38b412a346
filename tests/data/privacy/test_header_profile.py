"""The header profile against seeded needles, the standard's words, and files that packages carry."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from deid_data import __file__ as deid_data
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table
from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes

from medgpt_cli.data.privacy import tag_classes
from medgpt_cli.data.privacy.dicom_copy import copy_dicom
from medgpt_cli.data.privacy.findings import Finding
from medgpt_cli.data.privacy.header_profile import HeaderProfile
from medgpt_cli.data.privacy.header_signature import CODES
from medgpt_cli.data.privacy.headers import elements, find_header, texts_of
from medgpt_cli.data.privacy.profile import Profile
from medgpt_cli.data.privacy.standins import StandIns
from medgpt_cli.data.privacy.surrogates import Surrogates
from medgpt_cli.data.privacy.text import find_text
from tests.data.privacy.seeded import NEEDLES, UID, seeded

PACKAGED = sorted(Path(deid_data).parent.rglob("*.dcm"))


def profile(which: Profile = Profile.SHIFTED, key: bytes = bytes(range(32))) -> HeaderProfile:
    return HeaderProfile(StandIns(Surrogates(key), which), find_text)


def copied(source: Path, which: Profile = Profile.SHIFTED) -> tuple[Dataset, Path]:
    target = source.with_name(f"{which}-{source.name}")
    copy_dicom(source, target, profile(which))
    return dcmread(target), target


@pytest.mark.parametrize("which", Profile)
def test_no_needle_is_left(tmp_path: Path, which: Profile) -> None:
    source = seeded(tmp_path / "a.dcm")
    before = source.read_bytes()
    assert all(needle.encode() in before for needle in NEEDLES)
    _, target = copied(source, which)
    assert [needle for needle in NEEDLES if needle.encode() in target.read_bytes()] == []
    assert source.read_bytes() == before


def test_no_needle_is_left_even_where_no_rule_reads_texts(tmp_path: Path) -> None:
    def nothing(_: str) -> list[Finding]:
        return []

    target = tmp_path / "b.dcm"
    blind = HeaderProfile(StandIns(Surrogates(bytes(32)), Profile.SHIFTED), nothing)
    copy_dicom(seeded(tmp_path / "a.dcm"), target, blind)
    assert [needle for needle in NEEDLES if needle.encode() in target.read_bytes()] == []


def test_every_needle_is_found_before_and_nothing_certain_after(tmp_path: Path) -> None:
    source = seeded(tmp_path / "a.dcm")
    found = find_header(source)
    sure = {each.tag for each in found if each.sure}
    doubtful = {each.tag for each in found if not each.sure}
    for tag in (
        "PatientName", "PatientID", "OtherPatientIDs", "AccessionNumber", "PatientBirthDate", "PatientAddress",
        "PatientMotherBirthName", "PatientTelephoneNumbers", "PatientAge", "StudyDescription",
        "RequestAttributesSequence.RequestedProcedureDescription", "ViewCodeSequence.CodeMeaning", "(0009,1001)",
    ):  # fmt: skip
        assert tag in sure, tag
    for tag in ("StudyDate", "InstitutionName", "ReferringPhysicianName", "StudyInstanceUID"):
        assert tag in doubtful - sure, tag
    _, target = copied(source)
    assert [each.tag for each in find_header(target) if each.sure] == []


def test_what_the_standard_asks_to_be_said_is_said(tmp_path: Path) -> None:
    shifted, _ = copied(seeded(tmp_path / "a.dcm"))
    assert shifted.PatientIdentityRemoved == "YES"
    assert shifted.LongitudinalTemporalInformationModified == "MODIFIED"
    said = [item.CodeValue for item in shifted.DeidentificationMethodCodeSequence]
    assert said == ["113100", "113107", "113108"]
    assert "BurnedInAnnotation" not in shifted  # nobody looked
    years, _ = copied(seeded(tmp_path / "a.dcm"), Profile.SAFE_HARBOR)
    assert years.LongitudinalTemporalInformationModified == "REMOVED"
    assert [item.CodeValue for item in years.DeidentificationMethodCodeSequence] == ["113100", "113108"]


def test_the_codes_are_those_of_the_standard() -> None:
    listed = [getattr(codes.cid7050, name) for name in codes.cid7050.dir()]
    known = {code.value: code.meaning for code in listed}
    assert {code: known[code] for code in CODES} == CODES


def test_dates_move_together_and_the_rest_of_the_patient_stays(tmp_path: Path) -> None:
    new, _ = copied(seeded(tmp_path / "a.dcm"))
    days = Surrogates(bytes(range(32))).days("QX48291035")
    moved = datetime.date(2019, 2, 3) + datetime.timedelta(days)
    assert new.StudyDate == moved.strftime("%Y%m%d")
    assert new.StudyTime == "101500"
    assert new.PatientBirthDate == ""
    assert (new.PatientAge, new.PatientSex) == ("090Y", "F")
    assert new.preamble == bytes(128)


def test_files_of_one_patient_stay_together(tmp_path: Path) -> None:
    one, _ = copied(seeded(tmp_path / "a.dcm"))
    other, _ = copied(seeded(tmp_path / "b.dcm"))
    for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "SOPInstanceUID", "StudyDate"):
        assert one[keyword].value == other[keyword].value
    new = Surrogates(bytes(range(32))).uid(f"{UID}.1")
    assert one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID == new
    assert one.SourceImageSequence[0].ReferencedSOPInstanceUID == new
    assert one.SOPInstanceUID.startswith("2.25.")
    assert one.SOPClassUID == dcmread(tmp_path / "a.dcm").SOPClassUID


def test_safe_harbor_removes_dates(tmp_path: Path) -> None:
    new, _ = copied(seeded(tmp_path / "a.dcm"), Profile.SAFE_HARBOR)
    assert new.StudyDate == ""
    assert new.get("StudyTime", "") == ""


def test_pixels_are_not_touched(tmp_path: Path) -> None:
    source = seeded(tmp_path / "a.dcm")
    new, _ = copied(source)
    assert new.PixelData == dcmread(source).PixelData


@pytest.mark.parametrize("source", PACKAGED, ids=lambda path: path.name)
def test_files_with_made_up_patients_are_clean_after(source: Path, tmp_path: Path) -> None:
    before = dcmread(source)
    names = [word for word in str(before.PatientName).replace("^", " ").split() if len(word) > 3]
    target = tmp_path / "new.dcm"
    copy_dicom(source, target, profile())
    new = dcmread(target)
    assert [each.tag for each in find_header(target) if each.sure] == []
    kept = [text for _, _, element in elements(new) for text in texts_of(element)]
    assert [word for word in names for text in kept if word in re.findall(r"\w+", text)] == []
    assert not any(element.tag.is_private for _, _, element in elements(new))
    assert new.PixelData == before.PixelData


def test_every_row_of_the_table_is_acted_on() -> None:
    """Against the package's own lists: nothing of table E.1-1 is kept, but what option 113108 keeps."""
    for tag in table.ALL_TAGS:
        if len(tag) == 2:
            assert tag_classes.action_of(*tag), tag
    assert tag_classes.action_of(0x6002, 0x3000) == "X"
    assert tag_classes.action_of(0x5000, 0x0005) == "X"
    assert tag_classes.action_of(0x0009, 0x1001) == "X"
    assert tag_classes.action_of(0x0008, 0x0060) is None
