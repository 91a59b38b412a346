from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from medgpt_cli.core.types import Place, Sample
from medgpt_cli.data.prepared.parts import Notes
from medgpt_cli.data.prepared.screening import Screen, names


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"id": "MRN: 84756123"}, ["record_number"]),
        ({"patient_id": "078-05-1120"}, ["ssn"]),
        ({"source": "a.zwiebel@hospital.org"}, ["email"]),
        ({"keys": ("patient:078-05-1120",)}, ["ssn"]),
        ({"facets": (("site", "Patient: John Smith"),)}, ["name"]),
        ({"id": "17", "patient_id": "P0012", "study_id": "50414267", "keys": ("pmid:12345678",)}, []),
    ],
)
def test_fields_are_screened_for_what_is_certain(
    tmp_path: Path, more: dict[str, Any], found: list[str]
) -> None:
    notes = Notes(0)
    sample = Sample(Place(str(tmp_path / "a.jsonl"), 1), **more)
    told = Screen(headers=True).look(sample, ["clean"], notes)
    assert (names(told["sure"]), told["doubtful"], list(notes.sure)) == (found, 0, found)


@pytest.mark.parametrize("headers", [True, False])
def test_what_pictures_carry_is_screened_unless_it_stays_behind(tmp_path: Path, headers: bool) -> None:
    info = PngInfo()
    info.add_text("Comment", "MRN: 48291035")
    Image.radial_gradient("L").save(tmp_path / "a.png", pnginfo=info)
    sample = Sample(Place(str(tmp_path / "a.jsonl"), 1), images=(str(tmp_path / "a.png"),))
    told = Screen(headers=headers).look(sample, [], Notes(0))
    assert names(told["sure"]) == (["record_number"] if headers else [])
