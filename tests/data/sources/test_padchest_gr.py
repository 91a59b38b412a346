from __future__ import annotations

from pathlib import Path

from medgpt_cli.data.sources.registry import find
from tests.data.sources.layouts_reports import padchest_gr
from tests.data.sources.reading import read, samples, shown
from tests.data.sources.writing import as_json, pictures


def test_english_sentences_are_the_findings(tmp_path: Path) -> None:
    padchest_gr(tmp_path)
    first, _ = samples("padchest-gr", tmp_path)
    assert first.turns[1].text == "Clear lungs. Large heart."
    assert shown(first, tmp_path) == ("Padchest_GR_files/PadChest_GR/1.png",)
    assert (first.patient_id, first.study_id, first.split) == ("P1", "S1", "train")
    assert first.keys == ("study:padchest/S1", "image:padchest/1.png", "patient:padchest/P1")


def test_without_the_master_table_nothing_is_claimed_of_patient_and_split(tmp_path: Path) -> None:
    padchest_gr(tmp_path)
    (tmp_path / "master_table.csv").unlink()
    first, _ = samples("padchest-gr", tmp_path)
    assert (first.patient_id, first.split) == ("", "")


def test_what_is_no_report_is_told(tmp_path: Path) -> None:
    assert not find("padchest-gr").verified
    rows = [
        {"StudyID": "S", "ImageID": "1.png", "findings": "x"},
        {"StudyID": "S", "ImageID": "1.png", "findings": [{"sentence_en": None}]},
    ]
    as_json(tmp_path / "grounded_reports_20240819.json", rows)
    pictures(tmp_path, "1.png")
    assert read("padchest-gr", tmp_path)[1] == [
        "2: findings is no list of findings",
        "7: the report has no findings",
    ]
