from __future__ import annotations

from pathlib import Path

from tests.data.sources.layouts import roco, rocov2
from tests.data.sources.reading import facets, samples, shown
from tests.data.sources.writing import pictures


def test_every_figure_has_its_article_its_licence_and_its_kind(tmp_path: Path) -> None:
    roco(tmp_path)
    found = samples("roco", tmp_path)
    assert [(each.split, facets(each)["subset"]) for each in found] == [
        (split, kind)
        for split in ("train", "validation", "test")
        for kind in ("radiology", "non-radiology")
    ]
    first = found[0]
    assert first.id == "ROCO_00000"
    assert first.licence == "CC BY-NC-SA"
    assert first.keys == (
        "image:roco/ROCO_00000",
        "pmcid:PMC4083720",
        "figure:PMC4083720_AMHSR-4-14-g000",
    )
    assert first.turns[1].text == 'Axial "MRI" (coronal view).'


def test_links_tell_the_picture_where_there_is_no_list_of_licences(tmp_path: Path) -> None:
    roco(tmp_path)
    for file in tmp_path.rglob("licences.txt"):
        file.unlink()
    first = samples("roco", tmp_path)[0]
    assert shown(first, tmp_path) == ("data/train/radiology/images/PMC4083720_AMHSR-4-14-g000.jpg",)
    assert first.licence == "per article"


def test_copies_that_name_pictures_by_the_sets_own_id_are_read(tmp_path: Path) -> None:
    roco(tmp_path / "all_data")
    data = tmp_path / "all_data/data"
    for folder in data.glob("*/*"):
        for picture in (folder / "images").iterdir():
            picture.unlink()
        own = (folder / "captions.txt").read_text().split("\t")[0]
        pictures(folder / "images", f"{own}.jpg")
    data.rename(tmp_path / "data")
    found = samples("roco", tmp_path)
    assert shown(found[0], tmp_path) == ("data/train/radiology/images/ROCO_00000.jpg",)
    assert found[0].keys[1] == "pmcid:PMC4083720"


def test_version_2_lies_in_parquet_with_its_pictures(tmp_path: Path) -> None:
    rocov2(tmp_path)
    found = samples("rocov2", tmp_path)
    assert [each.split for each in found[::2]] == ["train", "validation", "test"]
    assert found[1].id == "ROCOv2_2023_train_000001"
    assert found[1].keys == ("image:rocov2/ROCOv2_2023_train_000001",)
    assert facets(found[1]) == {"concepts": "C0040405"}
    assert shown(found[1], tmp_path) == ("data/train-00000-of-00001.parquet#row=1&column=image",)
