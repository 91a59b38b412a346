from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.types import Place
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.shown import shown


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"image": True}, ["column=image"]),
        ({"image": False}, []),
        ({"image": None}, []),
        ({"image": 2}, ["column=image&item=0", "column=image&item=1"]),
        ({"image": 0, "other": True}, ["column=other"]),
        ({}, []),
    ],
)
def test_pictures_that_are_there(values: dict[str, Any], found: list[str]) -> None:
    row = Row(values, Place("/set/a.parquet", 8), "a.parquet", Path("/set"))
    assert shown(row, "image", "other") == [f"a.parquet#row=7&{column}" for column in found]
