from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.tiling import Tiling
from tests.data.images.pictures import noise


@pytest.mark.parametrize(("size", "squares"), [((60, 50), 1), ((200, 190), 5), ((60, 250), 5)])
def test_as_many_squares_are_cut_as_are_counted(
    tmp_path: Path, size: tuple[int, int], squares: int
) -> None:
    noise(*size[::-1]).save(tmp_path / "a.png")
    tiling = Tiling(64, 4)
    cut = tiling.cut(str(tmp_path / "a.png"))
    assert tiling.count(str(tmp_path / "a.png")) == len(cut) == squares
    assert {each.size for each in cut} == {(64, 64)}


def test_where_every_picture_is_whole_none_is_opened_to_count() -> None:
    assert Tiling(64, 1).count("absent.png") == 1


def test_a_picture_that_cannot_be_opened_counts_as_one_and_cutting_says_why(tmp_path: Path) -> None:
    tiling = Tiling(64, 4)
    assert tiling.count(str(tmp_path / "absent.png")) == 1
    with pytest.raises(BadImage, match="no such file"):
        tiling.cut(str(tmp_path / "absent.png"))


def test_another_opener_is_asked_for_the_size_too() -> None:
    asked: list[str] = []

    def held(name: str) -> Image.Image:
        asked.append(name)
        return noise(200, 200)

    tiling = Tiling(64, 4, held)
    assert [tiling.count("inline:1"), tiling.count("inline:1"), len(tiling.cut("inline:1"))] == [5, 5, 5]
    assert asked == ["inline:1"] * 2  # counted once, cut once


def test_a_file_written_anew_is_counted_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    tiling = Tiling(64, 4, stamp=lambda name: str(os.stat(name).st_size))
    noise(50, 50).save(path)
    assert tiling.count(str(path)) == 1
    noise(200, 200).save(path)
    assert tiling.count(str(path)) == 5
