"""Sets as the hub's cache keeps them: `snapshots/SHA/…` are links into `blobs/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.sources.columns import column_adapter
from medgpt_cli.data.sources.registry import detect
from tests.data.sources import layouts_questions
from tests.data.sources.layouts_questions import LAYOUTS
from tests.data.sources.reading import facets, samples
from tests.data.sources.writing import as_json, as_parquet, embedded, pictures

ON_THE_HUB = ("medframeqa", "mmmu-medical", "mmmu-pro-medical", "medmcqa", "pubmedqa", "medxpertqa")


def cached(root: Path, name: str) -> Path:
    """A folder of plain files turned into a snapshot; pictures stay plain, as whoever unpacked them left them."""
    home = root / f"datasets--someone--{name}"
    snapshot = home / "snapshots/0a1b2c"
    (home / "blobs").mkdir(parents=True)
    for number, file in enumerate(
        sorted(each for each in (root / "plain").rglob("*") if each.is_file())
    ):
        place = snapshot / file.relative_to(root / "plain")
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix in (".jpeg", ".jpg", ".png"):
            file.rename(place)
        else:
            file.rename(home / f"blobs/{number}")
            place.symlink_to(home / f"blobs/{number}")
    return snapshot


@pytest.mark.parametrize("name", ON_THE_HUB)
def test_a_cached_set_reads_as_a_plain_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "plain").mkdir()
    expected = LAYOUTS[name](tmp_path / "plain")
    snapshot = cached(tmp_path, name)
    assert detect(snapshot).name == name
    found = samples(name, snapshot)
    assert len(found) == expected
    for sample in found:
        for path in sample.images:
            open_image(path)


def test_what_a_folders_name_tells_is_told_there_too(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    layouts_questions.mmmu_pro(tmp_path / "plain")
    found = samples("mmmu-pro-medical", cached(tmp_path, "MMMU_Pro"))
    assert [facets(sample)["configuration"] for sample in found] == [
        "standard (4 options)",
        "standard (10 options)",
        "vision",
    ]


def test_the_official_test_set_is_found_beside_a_cached_one(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    layouts_questions.pubmedqa(tmp_path / "plain")
    as_json(tmp_path / "plain/test_ground_truth.json", {"2": "maybe"})
    found = samples("pubmedqa", cached(tmp_path, "PubMedQA"))
    assert [sample.split for sample in found] == ["train", "test", "train"]


def test_mapped_tables_with_pictures_inside_and_beside(tmp_path: Path) -> None:
    rows = [{"Q": "What?", "A": "x", "image": embedded(10), "path": "more/1.png"}]
    as_parquet(tmp_path / "plain/data/train-00000-of-00001.parquet", rows)
    pictures(tmp_path / "plain/more", "0.png", "1.png")
    columns = {"question": "Q", "answer": "A", "images": ["image", "path"]}
    (sample,) = samples(column_adapter(columns), cached(tmp_path, "own"))
    assert [open_image(path).getpixel((0, 0))[0] for path in sample.images] == [10, 10]
