from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import BadRecord, NotThere
from medgpt_cli.core.types import Place
from medgpt_cli.data.images.paths import ImageRoot
from medgpt_cli.data.records import read_record
from medgpt_cli.data.sources.adapter import Adapter, Written
from medgpt_cli.data.sources.mimic_cxr import ADAPTERS
from tests.data.sources.layouts_reports import SHOTS, Shot, mimic_cxr


def named(name: str) -> Adapter:
    return next(adapter for adapter in ADAPTERS if adapter.name == name)


def folder(root: Path, **how: Any) -> Path:
    mimic_cxr(root, **how)
    return root


def read(path: Path, name: str = "mimic-cxr") -> dict[str, Written]:
    return {written.record.get("id", ""): written for written in named(name).read(path)}


def test_a_study_with_its_views_and_the_most_recent_earlier_one(tmp_path: Path) -> None:
    found = read(folder(tmp_path))
    assert list(found) == ["s50000001", "s50000002", "s50000003", "s57375967"]
    third = found["s50000003"].record
    home = "files/p10/p10000032"
    # frontal first; the prior is the study an hour before, not the one of the month before
    assert third["images"] == [
        f"{home}/s50000003/d4.jpg",
        f"{home}/s50000003/d3.jpg",
        f"{home}/s50000002/d2.jpg",
    ]
    assert third["messages"] == [
        {
            "role": "user",
            "content": "<image><image><image>You are a radiologist reading a chest X-ray study.\n"
            "Pictures: current PA image, current LATERAL image, prior AP image.\n"
            "Write the findings of the current study, and compare it with the prior one.\n"
            "INDICATION: Cough and fever.\nTECHNIQUE: Chest, two views.\nCOMPARISON: ___",
        },
        {"role": "assistant", "content": "Findings of 50000003."},
    ]
    assert third["keys"] == [
        "patient:mimic/10000032",
        "study:mimic/50000003",
        "image:mimic/d4",
        "image:mimic/d3",
    ]
    assert (third["patient_id"], third["study_id"]) == ("10000032", "50000003")
    assert third["facets"] == {
        "modality": "X-ray",
        "target": "findings",
        "pictures": "3",
        "prior": "yes",
    }
    assert third["licence"] == "PhysioNet Credentialed Health Data License 1.5.0"
    assert str(found["s50000003"].place) == f"{tmp_path}/mimic-cxr-2.0.0-metadata.csv.gz:2"


def test_priors_are_never_after_the_study_nor_another_patients_nor_quoted(tmp_path: Path) -> None:
    found = read(folder(tmp_path))
    assert found["s50000001"].record["images"] == ["files/p10/p10000032/s50000001/d1.jpg"]
    assert found["s57375967"].record["facets"]["prior"] == "no"
    for written in found.values():
        said = str(written.record["messages"])
        others = {"50000001", "50000002", "50000003"} - {written.record["study_id"]}
        assert not any(f"Findings of {other}" in said for other in others)


def test_studies_of_one_instant_are_not_each_others_prior(tmp_path: Path) -> None:
    same = [(d, s, n, v, 21800506, 1.0, p) for d, s, n, v, _, _, p in SHOTS]
    found = read(folder(tmp_path, shots=same))
    assert {written.record["facets"]["prior"] for written in found.values()} == {"no"}


def test_times_of_a_day_are_numbers_that_lost_their_zeros(tmp_path: Path) -> None:
    day: list[Shot] = [
        ("m", "10000032", "50000009", "AP", 21810101, 93126.0, "test"),
        ("n", "10000032", "50000008", "AP", 21810101, 213014.531, "test"),
    ]
    found = read(folder(tmp_path, shots=day))
    assert list(found) == [
        "s50000009",
        "s50000008",
    ]  # half past nine comes before half past nine at night
    assert found["s50000008"].record["images"][1].endswith("s50000009/m.jpg")


def test_the_split_is_the_published_one(tmp_path: Path) -> None:
    found = read(folder(tmp_path, packed=False))
    assert [written.record["split"] for written in found.values()] == [
        "train",
        "train",
        "train",
        "validation",
    ]


def test_all_views_without_priors(tmp_path: Path) -> None:
    found = read(folder(tmp_path), "mimic-cxr-multi")
    assert [len(written.record["images"]) for written in found.values()] == [1, 1, 2, 2]
    assert (
        found["s57375967"].record["images"][0].endswith("e2.jpg")
    )  # the frontal one, the unknown view after it


def test_a_record_for_each_frontal_view(tmp_path: Path) -> None:
    found = read(folder(tmp_path), "mimic-cxr-single")
    assert list(found) == ["s50000001", "s50000002", "s50000003-d4", "s57375967-e2"]
    assert all(len(written.record["images"]) == 1 for written in found.values())


def test_no_more_than_six_pictures(tmp_path: Path) -> None:
    many = [(f"m{i}", "10000032", "50000009", "AP", 21810101, 1.0, "test") for i in range(8)]
    record = read(folder(tmp_path, shots=[*SHOTS, *many]))["s50000009"].record
    assert len(record["images"]) == 6
    assert record["facets"]["prior"] == "no"  # the study's own come first
    assert "prior" not in record["messages"][0]["content"]


def test_the_impression_or_the_conclusion_may_be_asked_for(tmp_path: Path) -> None:
    root = folder(tmp_path)
    assert (
        read(root, "mimic-cxr-impression")["s50000001"].record["messages"][1]["content"]
        == "Impression 50000001."
    )
    report = root / "files/p10/p10000032/s50000001.txt"
    report.write_text("\n COMPARISON: None. The lungs are clear.\n")
    found = read(root, "mimic-cxr-conclusion")["s50000001"].record
    assert found["messages"][1]["content"] == "None. The lungs are clear."
    assert next(iter(named("mimic-cxr").read(root))).fault == "the report has no findings"


def test_a_study_without_report_is_told(tmp_path: Path) -> None:
    root = folder(tmp_path)
    (root / "files/p10/p10000032/s50000002.txt").unlink()
    faults = [written.fault for written in named("mimic-cxr").read(root)]
    assert faults == ["", "the study has no report beside its pictures", "", ""]


@pytest.mark.parametrize("reports", ["", "mimic-cxr", "mimic-cxr/2.1.0"])
def test_reports_may_stand_in_a_folder_of_their_own(tmp_path: Path, reports: str) -> None:
    assert len(read(folder(tmp_path, reports=reports, ending="dcm"))) == 4
    assert read(tmp_path)["s50000001"].record["images"][0].endswith("d1.dcm")


def test_the_tables_of_physionets_tree_are_found(tmp_path: Path) -> None:
    folder(tmp_path / "mimic-cxr-jpg/2.1.0", reports="../../mimic-cxr/2.1.0")
    found = read(tmp_path)
    assert found["s50000001"].record["images"] == [
        "mimic-cxr-jpg/2.1.0/files/p10/p10000032/s50000001/d1.jpg"
    ]
    assert named("mimic-cxr").detect(tmp_path)


def test_records_are_ones_we_can_train_on(tmp_path: Path) -> None:
    root = folder(tmp_path)
    resolve = ImageRoot(root).resolve
    for adapter in ADAPTERS:
        for written in adapter.read(root):
            form, sample = read_record(written.record, Place("x", 1), resolve)
            assert form == "messages"
            assert len(sample.images) == len(written.record["images"])


def test_detection_is_by_the_tables_and_one_word_alone(tmp_path: Path) -> None:
    assert [a.name for a in ADAPTERS if a.detect(folder(tmp_path))] == ["mimic-cxr"]
    (tmp_path / "mimic-cxr-2.0.0-split.csv.gz").unlink()
    assert not any(a.detect(tmp_path) for a in ADAPTERS)
    with pytest.raises(NotThere, match=r"has no mimic-cxr-2\.0\.0-split"):
        read(tmp_path)


def test_another_table_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    folder(tmp_path, packed=False)
    (tmp_path / "mimic-cxr-2.0.0-metadata.csv").write_text("dicom_id,subject_id\na,1\n")
    with pytest.raises(
        BadRecord, match="lacks the columns study_id, ViewPosition, StudyDate, StudyTime"
    ):
        read(tmp_path)


def test_a_picture_that_the_split_table_lacks_has_no_split(tmp_path: Path) -> None:
    root = folder(tmp_path, packed=False)
    split = root / "mimic-cxr-2.0.0-split.csv"
    split.write_text("\n".join(split.read_text().splitlines()[:-2]) + "\n")
    found = read(root)
    assert "split" not in found["s57375967"].record
    assert found["s50000003"].record["split"] == "train"


def test_a_prior_whose_pictures_are_not_there_is_none(tmp_path: Path) -> None:
    root = folder(tmp_path)
    (root / "files/p10/p10000032/s50000002/d2.jpg").unlink()
    record = read(root)["s50000003"].record
    assert (len(record["images"]), record["facets"]["prior"]) == (2, "no")
