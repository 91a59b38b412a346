from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadRecord, InputError
from medgpt_cli.data.sources.registry import find
from tests.data.sources.layouts_reports import gradient, rexgradient
from tests.data.sources.reading import read, samples, shown
from tests.data.sources.writing import as_json


def test_studies_with_their_patients(tmp_path: Path) -> None:
    rexgradient(tmp_path)
    first, _, third = samples("rexgradient", tmp_path)
    assert shown(first, tmp_path) == ("deid_png/P1/A1/studies/1/series/2/instances/3.png",)
    assert (first.patient_id, first.study_id, first.keys) == ("P1", "A1", ("patient:rexgradient/P1",))
    assert (first.split, third.split) == ("train", "test")
    assert "current PA image" in first.turns[0].text
    assert "COMPARISON" not in first.turns[0].text  # written "None" where there is none


def test_its_layout_is_not_verified_and_its_columns_are_checked(tmp_path: Path) -> None:
    assert not find("rexgradient").verified
    with pytest.raises(InputError, match="holds no train_metadata_view_position"):
        read("rexgradient", tmp_path)
    as_json(tmp_path / "metadata/train_metadata.json", [{"id": 1, "report": "x"}])
    with pytest.raises(BadRecord, match="lacks the columns ImagePath, Findings, Impression"):
        read("rexgradient", tmp_path)


def test_entries_without_pictures_or_section_are_told(tmp_path: Path) -> None:
    wrong = [{**gradient("1"), "ImagePath": None}, {**gradient("2"), "Findings": None}, 3]
    as_json(tmp_path / "metadata/valid_metadata.json", wrong)
    assert read("rexgradient", tmp_path)[1] == [
        "1: ImagePath is no list of file names",
        "2: the report has no findings",
        "3: is a number where a record belongs",
    ]
