from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import Complaint
from medgpt_cli.core.types import Place, Sample
from medgpt_cli.data.images import check
from medgpt_cli.data.images.check import check_images
from tests.data.images.pictures import noise


@pytest.fixture(name="samples")
def _samples(tmp_path: Path) -> list[Sample]:
    """Line 1: good, torn; line 2: good; line 4: torn, hidden damage."""
    for name in ("good", "torn", "hidden"):
        noise().save(tmp_path / name, "TIFF", compression="tiff_adobe_deflate")
    data = (tmp_path / "torn").read_bytes()
    (tmp_path / "torn").write_bytes(data[:2000])
    (tmp_path / "hidden").write_bytes(data[:2000] + bytes(3000) + data[5000:])  # only decoding can tell
    paths = {1: ["good", "torn"], 2: ["good"], 4: ["torn", "hidden"]}
    return [
        Sample(Place("l.jsonl", n), images=tuple(str(tmp_path / p) for p in names))
        for n, names in paths.items()
    ]


def test_each_use_of_a_bad_image_is_named_by_its_place(samples: list[Sample]) -> None:
    complaints = check_images(samples, decode=False)
    fault = "says TIFF and is not readable as such", "copy it again from where it came"
    assert complaints == (
        Complaint(fault[0], "l.jsonl:1 images[1]", fault[1]),
        Complaint(fault[0], "l.jsonl:4 images[0]", fault[1]),
    )


def test_decoding_finds_what_headers_hide(samples: list[Sample]) -> None:
    places = [complaint.where for complaint in check_images(samples, decode=True)]
    assert places == ["l.jsonl:1 images[1]", "l.jsonl:4 images[0]", "l.jsonl:4 images[1]"]


def test_each_file_is_looked_at_once(samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(check, "check_apart", looked.append)
    seen: list[tuple[int, int]] = []
    assert (
        check_images(samples, decode=True, progress=lambda done, total: seen.append((done, total))) == ()
    )
    assert [Path(path).name for path in looked] == ["good", "torn", "hidden"]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_no_path_stands_in_a_complaint(samples: list[Sample], tmp_path: Path) -> None:
    assert not any(str(tmp_path) in str(complaint) for complaint in check_images(samples, decode=True))
