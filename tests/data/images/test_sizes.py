from __future__ import annotations

import io
from pathlib import Path

import nibabel as nib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tifffile
from PIL import Image, ImageFile
from pydicom.uid import ExplicitVRLittleEndian

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.images.sizes import picture_size
from tests.data.images.pictures import dicom, gradient, noise, save


def test_the_size_is_that_of_the_opened_picture_however_it_is_turned(tmp_path: Path) -> None:
    for kind in ("PNG", "JPEG", "TIFF", "WEBP"):
        for orientation in range(9):
            exif = Image.Exif()
            exif[0x112] = orientation
            path = tmp_path / f"{kind}{orientation}"
            noise(40, 70).save(path, kind, exif=exif)
            found = picture_size(str(path))
            assert found == open_image(str(path)).size, (kind, orientation)
            assert found == ((40, 70) if orientation > 4 else (70, 40))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF", "BMP"])
def test_no_pixel_is_decoded_for_it(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    noise(40, 70).save(tmp_path / "a", kind)
    monkeypatch.setattr(ImageFile.ImageFile, "load", None)
    assert picture_size(str(tmp_path / "a")) == (70, 40)


def test_a_frame_of_dicom_a_cell_of_parquet_and_a_page_of_tiff(tmp_path: Path) -> None:
    frames = dicom(np.stack([gradient(24, 32)] * 3), ExplicitVRLittleEndian, NumberOfFrames=3)
    save(frames, tmp_path / "a.dcm")
    packed = io.BytesIO()
    noise(20, 50).save(packed, "PNG")
    pq.write_table(pa.table({"image": [packed.getvalue()]}), tmp_path / "a.parquet")
    pages = [noise(20, 30), noise(44, 20)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    for reference, size in (
        ("a.dcm#frame=1", (32, 24)),
        ("a.parquet#row=0&column=image", (50, 20)),
        ("a.tif#frame=1", (20, 44)),
    ):
        assert picture_size(f"{tmp_path}/{reference}") == open_image(f"{tmp_path}/{reference}").size
        assert picture_size(f"{tmp_path}/{reference}") == size


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_slice_whose_pixels_are_made_square(tmp_path: Path, plane: str) -> None:
    data = np.random.default_rng(0).integers(0, 255, (20, 24, 28)).astype(np.uint8)
    nib.Nifti1Image(data, np.diag([1, 1.5, 3, 1])).to_filename(tmp_path / "a.nii.gz")
    reference = f"{tmp_path}/a.nii.gz#plane={plane}&slice=5"
    assert picture_size(reference) == open_image(reference).size


def test_a_slide_and_a_region_of_it(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for side in (1024, 512):
            tissue = np.full((side, side, 3), 99, np.uint8)
            writer.write(
                tissue, tile=(256, 256), photometric="rgb", subfiletype=int(side < 1024), metadata=None
            )
    (tmp_path / "a.tif").rename(tmp_path / "a.svs")
    for reference in ("a.svs", "a.svs#x=10&y=20&width=300&height=200"):
        found = picture_size(f"{tmp_path}/{reference}")
        assert found == open_image(f"{tmp_path}/{reference}").size


def test_what_cannot_be_opened_is_named_by_its_place(tmp_path: Path) -> None:
    with pytest.raises(BadImage) as caught:
        picture_size(str(tmp_path / "absent.png"), where="local.jsonl:3 images[0]")
    assert str(caught.value.where) == "local.jsonl:3 images[0]"
