from __future__ import annotations

from pathlib import Path

import xxhash

from medgpt_cli.data.sources.embedded import BATCH, picture_keys
from tests.data.sources.writing import as_parquet, embedded, encoded


def key(shade: int) -> str:
    return f"image:xxh128/{xxhash.xxh3_128(encoded(shade)).hexdigest()}"


def test_pictures_are_told_apart_by_their_bytes_row_by_row(tmp_path: Path) -> None:
    shades = [number % 3 for number in range(2 * BATCH + 1)]
    file = as_parquet(tmp_path / "a.parquet", [{"n": n, "image": embedded(n)} for n in shades])
    assert list(picture_keys(file, "image")) == [key(n) for n in shades]


def test_plain_bytes_and_missing_pictures(tmp_path: Path) -> None:
    file = as_parquet(tmp_path / "a.parquet", [{"image": encoded(1)}, {"image": None}])
    assert list(picture_keys(file, "image")) == [key(1), ""]
    assert list(picture_keys(file, "absent")) == []
    file = as_parquet(tmp_path / "b.parquet", [{"image": embedded(1)}, {"image": None}])
    assert list(picture_keys(file, "image")) == [key(1), ""]
