from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.data.sources.layout import Table, exists, files_of
from tests.data.sources.writing import text

TABLES = (
    Table("train.csv", "train"),
    Table("data/train.csv", "train"),
    Table("data/val*.csv", "validation"),
    Table("data/*.csv", "test", unless="train.csv"),
)


def test_files_come_in_the_tables_order_each_with_the_first_that_fits(tmp_path: Path) -> None:
    for name in ("data/b.csv", "data/a.csv", "data/val.csv", "data/train.csv"):
        text(tmp_path / name)
    assert [(found.relative, found.table.split) for found in files_of(tmp_path, TABLES)] == [
        ("data/train.csv", "train"),
        ("data/val.csv", "validation"),
        ("data/a.csv", "test"),
        ("data/b.csv", "test"),
    ]


def test_a_table_gives_way_to_the_file_that_holds_its_rows_too(tmp_path: Path) -> None:
    for name in ("data/a.csv", "train.csv"):
        text(tmp_path / name)
    assert [found.relative for found in files_of(tmp_path, TABLES)] == ["train.csv"]


def test_folders_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "train.csv").mkdir()
    assert files_of(tmp_path, TABLES) == []


def test_a_file_that_is_named_finds_its_set_by_walking_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = text(tmp_path / "data/train.csv")
    (found,) = files_of(file, TABLES)
    assert (found.root, found.relative, found.file) == (tmp_path, "data/train.csv", file)
    monkeypatch.chdir(tmp_path / "data")
    (found,) = files_of(Path("train.csv"), TABLES)
    assert (found.root, found.relative, found.file) == (tmp_path, "data/train.csv", Path("train.csv"))
    assert files_of(Path("other.txt"), TABLES) == []


def test_whether_anything_fits(tmp_path: Path) -> None:
    text(tmp_path / "a/b.csv")
    assert exists(tmp_path, "a/b.csv")
    assert exists(tmp_path, "*/*.csv")
    assert not exists(tmp_path, "*.csv")


def test_links_of_the_hubs_cache_are_rooted_where_their_blobs_lie_too(tmp_path: Path) -> None:
    cache = tmp_path / "datasets--owner--name"
    blob = text(cache / "blobs/0a1b", "x")
    link = cache / "snapshots/f00/data/train.csv"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    for path in (cache / "snapshots/f00", link):
        (found,) = files_of(path, TABLES)
        assert (found.root, found.relative) == (cache, "snapshots/f00/data/train.csv")


def test_other_links_keep_their_folder(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set/train.csv").symlink_to(text(tmp_path / "elsewhere.csv", "x"))
    (found,) = files_of(tmp_path / "set", TABLES)
    assert found.root == tmp_path / "set"
