from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import InputError
from medgpt_cli.data.sources.table_folders import tables_of
from tests.data.sources.writing import as_csv, as_json, as_jsonl, as_parquet

ROWS = [{"a": "b"}]


def names(folder: Path) -> list[tuple[str, str]]:
    return [(file.relative_to(folder).as_posix(), split) for file, split in tables_of(folder)]


def test_of_several_kinds_one_is_taken_and_what_describes_a_set_is_no_table(tmp_path: Path) -> None:
    as_json(tmp_path / "dataset_info.json", {})
    as_json(tmp_path / "meta.json", ROWS)
    as_jsonl(tmp_path / "b.jsonl.gz", ROWS)
    assert names(tmp_path) == [("b.jsonl.gz", "")]
    as_parquet(tmp_path / "data/test-00000-of-00001.parquet", ROWS)
    as_parquet(tmp_path / "data/train-00000-of-00001.parquet", ROWS)
    as_parquet(tmp_path / ".hidden.parquet", ROWS)
    assert names(tmp_path) == [
        ("data/test-00000-of-00001.parquet", "test"),
        ("data/train-00000-of-00001.parquet", "train"),
    ]


def test_a_file_is_itself(tmp_path: Path) -> None:
    file = as_csv(tmp_path / "val.csv", ROWS)
    assert list(tables_of(file)) == [(file, "validation")]


def test_a_folder_that_only_looks_saved_is_refused(tmp_path: Path) -> None:
    as_json(tmp_path / "state.json", {"state": "done"})
    with pytest.raises(InputError, match=r"is not what datasets.save_to_disk writes"):
        names(tmp_path)
