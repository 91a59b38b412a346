from __future__ import annotations

from pathlib import Path

from medgpt_cli.data.sources.pictures import find_picture
from tests.data.sources.writing import pictures


def test_the_only_folder_there_is_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    assert find_picture(tmp_path, "x.png", "a", "b", "c") == "b/x.png"


def test_of_several_folders_the_one_that_holds_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    pictures(tmp_path / "deep/one_Images", "x.png")
    assert find_picture(tmp_path, "x.png", "a", "deep/*Images") == "deep/one_Images/x.png"
    pictures(tmp_path, "y.png")
    assert find_picture(tmp_path, "y.png", "a", "") == "y.png"


def test_where_none_holds_it_the_likeliest_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert find_picture(tmp_path, "x.png", "a", "") == "a/x.png"
    assert find_picture(tmp_path / "other", "x.png", "a", "b") == "a/x.png"


def test_a_name_that_is_no_path_is_left_for_others_to_refuse(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert find_picture(tmp_path, "x\0.png", "a", "") == "a/x\0.png"
