from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.whole import verify_image
from tests.data.images.pictures import dicom, gradient, noise, save


def encoded(kind: str, image: Image.Image | None = None, **options: Any) -> bytes:
    buffer = io.BytesIO()
    (image or noise()).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_whole_file_passes_without_being_decoded(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)
    path = tmp_path / "a"
    path.write_bytes(encoded(kind))
    verify_image(str(path))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("kept", [0.5, 0.9, 0.99])
def test_a_file_cut_short_is_told_without_decoding(tmp_path: Path, kind: str, kept: float) -> None:
    whole = encoded(kind)
    path = tmp_path / "a"
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(BadImage, match="cut short"):
        verify_image(str(path))


def test_a_flipped_bit_in_a_png_is_told(tmp_path: Path) -> None:
    broken = bytearray(encoded("PNG"))
    broken[len(broken) // 2] ^= 1
    path = tmp_path / "a"
    path.write_bytes(broken)
    with pytest.raises(BadImage, match="damaged"):
        verify_image(str(path))


def test_notes_behind_a_jpeg_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(encoded("JPEG") + bytes(1000))
    verify_image(str(path))


def test_a_later_page_of_a_tiff_and_frame_of_a_png(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for kind in ("TIFF", "PNG"):
        whole = encoded(kind, save_all=True, append_images=[noise().rotate(90)])
        path.write_bytes(whole)
        verify_image(f"{path}#frame=1")
        path.write_bytes(whole[:-3000])
        with pytest.raises(BadImage):
            verify_image(f"{path}#frame=1")


def test_plain_dicom_is_measured(tmp_path: Path) -> None:
    frames = np.stack([gradient()] * 3)
    path = save(dicom(frames, NumberOfFrames=3), tmp_path / "a")
    verify_image(f"{path}#frame=0")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BadImage) as caught:
        verify_image(f"{path}#frame=0", where="here")
    assert str(caught.value) == "here  is a DICOM file cut short\nexport it again from the archive"
