from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images import dicom_header
from medgpt_cli.data.images.dicom_header import read_header
from tests.data.images.pictures import deflated, dicom, gradient, save


def test_a_patients_name_never_enters_the_process(tmp_path: Path) -> None:
    path = save(dicom(gradient(), PatientID="123", StudyDate="20200101", Modality="CT"), tmp_path / "a")
    with path.open("rb") as stream:
        header = read_header(stream)
    assert "Jane" in path.read_bytes().decode("latin-1")
    assert "Jane" not in repr(header)
    assert (header.tags.Modality, header.tags.get("PatientName"), header.tags.get("StudyDate")) == (
        "CT",
        None,
        None,
    )


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_the_value_begins_where_the_pixels_do(tmp_path: Path, syntax: object) -> None:
    pixels = gradient()
    path = save(dicom(pixels, syntax, NumberOfFrames=1), tmp_path / "a")
    with path.open("rb") as stream:
        header = read_header(stream)
        stream.seek(header.value)
        assert stream.read(pixels.size) == pixels.tobytes()
    assert (header.frames, header.syntax, header.keyword) == (1, syntax, "PixelData")
    assert header.vr == ("" if syntax == ImplicitVRLittleEndian else "OB")


@pytest.mark.parametrize(
    ("tags", "what"),
    [
        ({"Rows": 0}, "has no usable Rows"),
        ({"Columns": None}, "has no usable Columns"),
        ({"SamplesPerPixel": 2}, "has 2 samples of 8 bits a pixel"),
        ({"BitsAllocated": 0}, "has no usable BitsAllocated"),
        ({"BitsAllocated": 24}, "has 1 samples of 24 bits a pixel"),
        ({"Rows": 15}, "is 32 x 15 pixels"),
        (
            {"Rows": 7000, "Columns": 9000, "SamplesPerPixel": 3, "BitsAllocated": 64},
            "is over 256 MB a frame",
        ),
        ({"NumberOfFrames": -3}, "has no usable NumberOfFrames"),
    ],
)
def test_impossible_shapes_are_refused_before_pixels(
    tmp_path: Path, tags: dict[str, object], what: str
) -> None:
    path = save(dicom(gradient(), **tags), tmp_path / "a")
    with path.open("rb") as stream, pytest.raises(BadImage, match=what):
        read_header(stream)


def test_rows_of_another_type_are_read_or_refused(tmp_path: Path) -> None:
    dataset = dicom(gradient())
    dataset.add_new("Rows", "UL", 2**31)
    path = save(dataset, tmp_path / "a")
    with path.open("rb") as stream, pytest.raises(BadImage, match="over the limit of 64 megapixels"):
        read_header(stream)


def test_inflating_stops_at_the_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_header, "INFLATE_CAP", 1000)
    for size, what in ((1001, "inflates to more than 256 MB"), (1000, "is DICOM without an image")):
        path = deflated(tmp_path / "a", bytes(size))
        with path.open("rb") as stream, pytest.raises(BadImage, match=what):
            read_header(stream)


def test_a_deflated_file_cut_short_is_told_from_a_bomb(tmp_path: Path) -> None:
    path = deflated(tmp_path / "a", np.random.default_rng(0).bytes(5000))
    with pytest.raises(BadImage, match="cut short"):
        read_header(io.BytesIO(path.read_bytes()[:-1000]))
