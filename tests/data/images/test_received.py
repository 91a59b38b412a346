"""Bytes that were sent: the same picture as from disk, fewer formats, and what is said of DICOM."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.images.received import open_received
from tests.data.images.pictures import dicom, save


def packed(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.radial_gradient("L").resize((40, 30)).convert(mode).save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_same_as_from_disk(kind: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    content = packed(kind, exif=exif)
    path = tmp_path / "x"
    path.write_bytes(content)
    received = open_received(content)
    assert (received.kind, received.frames, received.window, received.grey) == (kind, 1, None, False)
    assert np.array_equal(np.asarray(received.image), np.asarray(open_image(str(path))))
    assert received.image.size == (30, 40)


def test_dicom_says_its_window_and_modality(tmp_path: Path) -> None:
    values = np.linspace(0, 2000, 600).reshape(20, 30).astype(np.uint16)
    tags = {"Modality": "MR", "WindowCenter": [500, 1], "WindowWidth": [800, 2]}
    path = save(dicom(values, **tags), tmp_path / "x.dcm")
    received = open_received(path.read_bytes())
    assert (received.window, received.grey, received.modality) == ((500.0, 800.0), True, "MR")
    other = open_received(path.read_bytes(), window=(1000.0, 100.0))
    expected = open_image(f"{path}#window=1000/100")
    assert np.array_equal(np.asarray(other.image), np.asarray(expected))


def test_colour_takes_no_window(tmp_path: Path) -> None:
    path = save(dicom(np.zeros((20, 20, 3), np.uint8), Modality="US"), tmp_path / "x.dcm")
    received = open_received(path.read_bytes())
    assert (received.grey, received.window, received.modality) == (False, None, "US")
    with pytest.raises(BadImage, match="a window is for grey"):
        open_received(path.read_bytes(), window=(40.0, 400.0))


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "BMP"])
def test_other_formats_are_not_opened(kind: str) -> None:
    with pytest.raises(BadImage) as refused:
        open_received(packed(kind))
    assert (refused.value.what, refused.value.repair) == (f"is {kind}", "send PNG, JPEG, WEBP, DICOM")


def test_only_dicom_is_windowed() -> None:
    with pytest.raises(BadImage, match="is PNG and cannot be windowed"):
        open_received(packed("PNG"), window=(40.0, 400.0))
