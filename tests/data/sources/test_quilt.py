from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.sources.layouts import quilt
from tests.data.sources.reading import facets, read, samples, shown


def test_frames_are_tied_by_their_video_and_splits_are_the_published_ones(tmp_path: Path) -> None:
    quilt(tmp_path)
    frame, other = samples("quilt-1m", tmp_path)
    assert frame.keys == ("image:quilt/uMSRwBJ8U3Q_image_6d3a.jpg", "video:quilt/uMSRwBJ8U3Q")
    assert other.keys == ("image:quilt/laion_7.png",)
    assert [frame.split, other.split] == ["validation", "train"]
    assert frame.turns[1].text == "Glands, with a comma."
    assert facets(frame)["magnification"] == "1.0"


@pytest.mark.parametrize("folder", ["images", "images_part_1/quilt_1m", "images_part_1"])
def test_archives_unpack_into_several_folders(folder: str, tmp_path: Path) -> None:
    quilt(tmp_path)
    (tmp_path / folder).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "quilt_1m").rename(tmp_path / folder)
    assert shown(samples("quilt-1m", tmp_path)[1], tmp_path) == (f"{folder}/laion_7.png",)


def test_a_picture_without_a_caption_is_told(tmp_path: Path) -> None:
    quilt(tmp_path)
    file = tmp_path / "quilt_1M_lookup.csv"
    file.write_text(file.read_text().replace('"Glands, with a comma."', "", 1))
    good, faults = read("quilt-1m", tmp_path)
    assert (len(good), faults) == (1, ["2: caption is empty"])
