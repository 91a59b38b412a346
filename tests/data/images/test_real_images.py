"""Every real image that installed packages carry opens as it did when somebody looked at it, or is refused by name."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from tests.data.images.contact_sheet import EXPECTED, sheets, survey

seen = cache(survey)


def test_each_has_the_statistics_it_had_when_it_was_looked_at() -> None:
    found, _ = seen()
    expected = json.loads(EXPECTED.read_text())
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        now = found[name]
        if isinstance(value, str):
            assert now == value, name
            continue
        assert isinstance(now, dict)
        assert now["size"] == value["size"], name
        # A lossy decoder of another build may round otherwise; a wrong window or an inversion is far outside.
        assert now["mean"] == pytest.approx(value["mean"], abs=0.5), name
        assert now["std"] == pytest.approx(value["std"], abs=0.5), name
        assert now["black"] == pytest.approx(value["black"], abs=0.01), name


def test_most_open_and_every_refusal_says_why() -> None:
    found, pictures = seen()
    refused = {name: what for name, what in found.items() if isinstance(what, str)}
    assert len(pictures) == len(found) - len(refused) > 100
    assert all(what.startswith(("is ", "has no usable ", "holds ")) for what in refused.values())
    damaged = [name for name, what in refused.items() if "damaged" in str(what)]
    assert damaged == ["pydicom/MR_truncated.dcm"]


def test_equal_pictures_in_many_encodings_are_equal() -> None:
    found, _ = seen()
    films = [
        value
        for name, value in found.items()
        if name.startswith("pydicom/MR_small") and not isinstance(value, str)
    ]
    assert len(films) >= 7
    assert all(film == films[0] for film in films)


def test_the_sheets_are_written(tmp_path: Path) -> None:
    _, pictures = seen()
    written = sheets(pictures[:50], tmp_path)
    assert [path.name for path in written] == ["sheet-1.png", "sheet-2.png"]
