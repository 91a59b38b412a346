from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import InputError
from medgpt_cli.data.sources.registry import find
from tests.data.sources.layouts_reports import citation, iu_xray
from tests.data.sources.reading import read, samples, shown
from tests.data.sources.test_xml_files import BOMB
from tests.data.sources.writing import pictures, text


def test_a_report_with_its_pictures(tmp_path: Path) -> None:
    iu_xray(tmp_path)
    second, tenth = samples("iu-xray", tmp_path)
    assert (second.id, tenth.id) == ("CXR2", "CXR10")  # in the order of numbers, not of names
    assert shown(second, tmp_path) == (
        "NLMCXR_png/CXR2_IM-0001-1001.png",
        "NLMCXR_png/CXR2_IM-0002-1001.png",
    )
    assert second.keys == ("study:iu-xray/CXR2",)
    assert second.licence == "CC BY-NC-ND 4.0"
    assert second.turns[1].text == "Clear lungs."
    assert second.turns[0].text.endswith("INDICATION: Positive TB test\nCOMPARISON: None.")
    (first, _) = samples("iu-xray-impression", tmp_path)
    assert first.turns[1].text == "Normal chest."


@pytest.mark.parametrize(("name", "said"), [("", "Clear lungs."), ("-impression", "Normal chest.")])
def test_one_picture_a_report(tmp_path: Path, name: str, said: str) -> None:
    iu_xray(tmp_path)
    second, _ = samples(f"iu-xray-single{name}", tmp_path)
    assert shown(second, tmp_path) == ("NLMCXR_png/CXR2_IM-0001-1001.png",)
    assert "Pictures: current image.\n" in second.turns[0].text
    assert second.turns[1].text == said


def test_bombs_and_empty_reports_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    text(tmp_path / "ecgen-radiology/1.xml", BOMB)
    text(tmp_path / "ecgen-radiology/2.xml", citation(2, ["CXR2_a"], findings=""))
    text(tmp_path / "ecgen-radiology/3.xml", citation(3, []))
    text(tmp_path / "ecgen-radiology/4.xml", citation(4, ["../../secret"]))
    text(tmp_path / "ecgen-radiology/5.xml", citation(5, ["CXR5_a"]))
    pictures(tmp_path / "NLMCXR_png", "CXR2_a.png", "CXR5_a.png")
    found, faults = read("iu-xray", tmp_path)
    assert [sample.id for sample in found] == ["CXR5"]
    assert faults == [
        "1: defines entities of its own, which no article needs and bombs are made of",
        "1: the report has no findings",
        "1: the study has no picture",
        "1: parentImage names no picture",
    ]


def test_a_folder_without_reports_is_refused(tmp_path: Path) -> None:
    assert not find("iu-xray").detect(tmp_path)
    with pytest.raises(InputError, match="holds no report of IU X-Ray"):
        read("iu-xray", tmp_path)
