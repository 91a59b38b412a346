from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadRecord, InputError
from medgpt_cli.data.sources.registry import find
from tests.data.sources.layouts_reports import chexpert_plus, plus
from tests.data.sources.reading import facets, read, samples, shown
from tests.data.sources.writing import as_csv, pictures


def test_rows_of_one_study_are_one_record(tmp_path: Path) -> None:
    chexpert_plus(tmp_path)
    first, second = samples("chexpert-plus", tmp_path)
    home = "PNG/train/patient42142/study5"
    assert shown(first, tmp_path) == (f"{home}/view1_frontal.png", f"{home}/view2_lateral.png")
    assert "current PA image, current Lateral image" in first.turns[0].text
    assert "HISTORY: Cough." in first.turns[0].text
    assert first.keys == ("patient:chexpert/patient42142", "study:chexpert/patient42142/study5")
    assert (first.split, second.split, second.patient_id) == ("train", "validation", "patient64541")
    assert facets(first)["target"] == "findings"


def test_studies_without_the_section_are_told_once(tmp_path: Path) -> None:
    rows = [plus("train/patient1/study1", view, section_findings="") for view in ("a", "b")]
    as_csv(tmp_path / "df_chexpert_plus_240401.csv", [*rows, plus("nowhere", "a")])
    pictures(tmp_path / "train/patient1/study1", "a.jpg", "b.jpg")
    assert read("chexpert-plus", tmp_path)[1] == [
        "1: the report has no findings",
        "3: path_to_image is no split/patient/study/picture",
    ]
    (sample,), _ = read("chexpert-plus-impression", tmp_path)
    assert sample.turns[1].text == "Normal."


def test_its_layout_is_not_verified_and_its_columns_are_checked(tmp_path: Path) -> None:
    assert not find("chexpert-plus").verified
    as_csv(tmp_path / "df_chexpert_plus_240401.csv", [{"path_to_image": "a", "report": "b"}])
    assert not find("chexpert-plus").detect(tmp_path)
    with pytest.raises(BadRecord, match="lacks the columns section_findings, section_impression"):
        read("chexpert-plus", tmp_path)
    with pytest.raises(InputError, match=r"holds no df_chexpert_plus_\*.csv"):
        read("chexpert-plus", tmp_path / "..")


def test_the_tables_split_goes_before_the_folder(tmp_path: Path) -> None:
    as_csv(tmp_path / "df_chexpert_plus_240401.csv", [plus("train/patient1/study1", "a", split="valid")])
    pictures(tmp_path / "train/patient1/study1", "a.jpg")
    (sample,) = samples("chexpert-plus", tmp_path)
    assert sample.split == "validation"
