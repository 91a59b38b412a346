"""Streets, cities, ZIP codes and hospitals."""

from __future__ import annotations

import pytest

from tests.data.privacy.seen import seen


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("at 2158 Elm St. today", [("place!", "2158 Elm St.")]),
        ("12 Martin Luther King Jr. Blvd", [("place!", "12 Martin Luther King Jr. Blvd")]),
        ("77 14th Street NW, Apt 4B", [("place!", "77 14th Street NW, Apt 4B")]),
        ("301 County Road 12", [("place!", "301 County Road 12")]),
        ("P.O. Box 123", [("place!", "P.O. Box 123")]),
        ("9 Oak Avenue, Lowell, MA 01852", [("place!", "9 Oak Avenue"), ("place", "Lowell"), ("place", "01852")]),
        ("in Fort Worth, TX 76101-1234", [("place", "Fort Worth"), ("place", "76101-1234")]),
        ("She lives in Baton Rouge.", [("place", "Baton Rouge")]),
        ("ZIP 02139", [("place", "02139")]),
        ("at St. Mary's Hospital on", [("place", "St. Mary's Hospital")]),
        ("Massachusetts General Hospital", [("place", "Massachusetts General Hospital")]),
        ("transferred from Mount Carmel.", [("place", "Mount Carmel")]),
    ],
)  # fmt: skip
def test_places(text: str, found: list[tuple[str, str]]) -> None:
    assert seen(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "the Hospital course", "HOSPITAL COURSE: stable", "in the Emergency Department", "General: alert",
        "20 mL of saline", "5 Head CT scans", "in Texas in winter", "home from work", "an outside hospital",
        "Medical Center of the body", "12345 units",
    ],
)  # fmt: skip
def test_no_place(text: str) -> None:
    assert seen(text) == []
