from __future__ import annotations

import json
from pathlib import Path

from medgpt_cli.data.sources.registry import detect, find
from medgpt_cli.data.sources.report_lists import study_keys
from tests.data.sources.layouts_reports import DICOM, mek_iu, mek_mimic, r2gen_iu, r2gen_mimic
from tests.data.sources.reading import read, samples, shown
from tests.data.sources.writing import as_json, pictures, text

MIMIC_KEYS = ("study:mimic/50414267", "patient:mimic/10000032", f"image:mimic/{DICOM}")


def test_a_study_has_the_keys_of_the_full_set(tmp_path: Path) -> None:
    (tmp_path / "MIMIC_CXR").mkdir()
    mek_mimic(tmp_path / "MIMIC_CXR")
    (sample,) = samples("mimic-cxr-mek", tmp_path / "MIMIC_CXR")
    assert set(sample.keys) == set(MIMIC_KEYS)
    assert (sample.split, sample.source, sample.turns[1].text) == ("test", "mimic-cxr", "Clear lungs.")
    (other,) = samples("mimic-cxr-mek-impression", tmp_path / "MIMIC_CXR")
    assert other.turns[1].text == "Normal."


def test_r2gens_annotation_keeps_its_splits(tmp_path: Path) -> None:
    folder = tmp_path / "mimic_cxr"
    folder.mkdir()
    r2gen_mimic(folder)
    assert detect(folder).name == "mimic-cxr-r2gen"
    train, test = samples("mimic-cxr-r2gen", folder)
    assert (train.split, test.split) == ("train", "test")
    assert set(train.keys) == set(MIMIC_KEYS)
    assert str(test.place) == f"{folder}/annotation.json:1"


def test_the_same_columns_are_two_sets_told_apart_by_the_folder(tmp_path: Path) -> None:
    for name, build in (("IU_XRAY", mek_iu), ("iu_xray", r2gen_iu)):
        folder = tmp_path / name / "datas"
        folder.mkdir(parents=True)
        build(folder)
        adapter = detect(folder)
        assert adapter.name in ("iu-xray-mek", "iu-xray-r2gen")
        sample = samples(adapter, folder)[0]
        assert len(sample.images) == 2
        assert sample.keys in (("study:iu-xray/CXR1000",), ("study:iu-xray/CXR2384",))
        assert shown(sample, folder)[0].startswith("images/CXR")


def test_keys_are_told_by_whole_numbers_alone() -> None:
    assert study_keys("p10/p10000032/s50414267.txt", "10000032") == [
        "patient:mimic/10000032",
        "study:mimic/50414267",
    ]
    assert study_keys("p100000321/xs50414267") == []


def test_entries_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    entry = {"id": "a", "report": "Clear.", "image_path": []}
    as_json(
        tmp_path / "annotation.json",
        {
            "train": [entry, {**entry, "image_path": [3]}, {**entry, "report": None, "image_path": "a"}],
            "more": [entry],
        },
    )
    assert read(find("mimic-cxr-r2gen"), tmp_path) == (
        [],
        [
            "1: the study has no picture",
            "2: image_path is no list of file names",
            "3: report is no text",
            "1: stands under a split that is none",
        ],
    )


def test_a_large_annotation_is_known_by_its_head(tmp_path: Path) -> None:
    folder = tmp_path / "iu_xray"
    folder.mkdir()
    entry = {"id": "CXR1_IM-1", "report": "Clear. " * 30, "image_path": ["CXR1_IM-1/0.png"]}
    as_json(folder / "annotation.json", {"train": [entry] * 9000, "val": [], "test": []})
    assert (folder / "annotation.json").stat().st_size > 2**21
    assert find("iu-xray-r2gen").detect(folder)


def test_entries_without_an_id_on_one_line_are_told_apart(tmp_path: Path) -> None:
    folder = tmp_path / "IU_XRAY"
    entries = [
        {"image": [f"CXR{n}_IM-1/0.png"], "findings": "Clear.", "impression": "-"} for n in (1, 2)
    ]
    text(folder / "test.json", json.dumps(entries))
    pictures(folder / "images", "CXR1_IM-1/0.png", "CXR2_IM-1/0.png")
    assert [sample.id for sample in samples("iu-xray-mek", folder)] == [
        "CXR1_IM-1/0.png",
        "CXR2_IM-1/0.png",
    ]
