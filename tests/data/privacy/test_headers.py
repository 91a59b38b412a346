from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from nibabel import Nifti1Image, Nifti2Image
from nibabel.nifti1 import Nifti1Extension
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from pydicom import dcmread

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.headers import find_header
from tests.data.privacy.seeded import seeded

NOTE = "Patient: John Brown, MRN: 48291035"
GREY = Image.radial_gradient("L")


def classes(path: Path, place: str) -> set[Identifier]:
    return {each.identifier for each in find_header(path) if place in each.tag and each.sure}


BOTH = {Identifier.NAME, Identifier.RECORD_NUMBER}


def test_png(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    info = PngInfo()
    info.add_text("Comment", NOTE)
    info.add_text("Packed", NOTE, zip=True)
    info.add_itxt("Wide", NOTE)
    info.add_itxt("XML:com.adobe.xmp", f"<x>{NOTE}</x>")
    exif = Image.Exif()
    exif[0x010E] = NOTE
    GREY.save(path, pnginfo=info, exif=exif)
    for place in ("PNG Comment", "PNG Packed", "PNG Wide", "XMP", "EXIF ImageDescription"):
        assert classes(path, place) == BOTH, place


def test_a_packed_comment_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    GREY.save(path)
    data = path.read_bytes()
    body = b"zTXt" + b"bomb\0\0" + zlib.compress(bytes(80_000_000), 9)
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    path.write_bytes(data[:-12] + chunk + data[-12:])
    assert find_header(path) == []


def test_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = Image.Exif()
    exif[0x013B] = "J. Brown"
    exif.get_ifd(0x8769)[0x9286] = NOTE.encode()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 12.0, 0.0), 3: "E", 4: (16.0, 22.0, 0.0)})
    GREY.save(path, exif=exif, comment=NOTE.encode(), xmp=f"<x>{NOTE}</x>".encode())
    for place in ("EXIF UserComment", "JPEG comment", "XMP"):
        assert classes(path, place) == BOTH, place
    assert classes(path, "EXIF GPSInfo") == {Identifier.PLACE}
    assert Identifier.NAME in {
        each.identifier for each in find_header(path) if each.tag == "EXIF Artist"
    }


@pytest.mark.parametrize("frames", [1, 3])
def test_tiff_and_the_label_of_a_slide(tmp_path: Path, frames: int) -> None:
    path = tmp_path / "a.svs"
    tags = ImageFileDirectory_v2()
    tags[270] = f"Aperio Image Library\r\nlabel 40x40 {NOTE}"
    GREY.save(path, "TIFF", save_all=True, append_images=[GREY] * (frames - 1), tiffinfo=tags)
    assert classes(path, "TIFF ImageDescription") == BOTH
    assert "label image" in {each.tag for each in find_header(path)}


def test_webp(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    exif = Image.Exif()
    exif[0x010E] = NOTE
    GREY.save(path, exif=exif, xmp=f"<x>{NOTE}</x>".encode())
    assert classes(path, "EXIF") == BOTH
    assert classes(path, "XMP") == BOTH


@pytest.mark.parametrize("kind", [Nifti1Image, Nifti2Image])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_nifti(tmp_path: Path, kind: type, name: str) -> None:
    image = kind(np.zeros((20, 20, 20), np.int16), np.eye(4))
    image.header["descrip"] = NOTE.encode()
    image.header.extensions.append(Nifti1Extension("comment", NOTE.encode()))
    image.to_filename(tmp_path / name)
    assert classes(tmp_path / name, "NIfTI descrip") == BOTH
    assert classes(tmp_path / name, "NIfTI extension") == BOTH


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "gif", "bmp"])
def test_a_plain_picture_says_nothing(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    GREY.save(path)
    assert find_header(path) == []


def test_no_value_stands_in_a_finding(tmp_path: Path) -> None:
    text = repr(find_header(seeded(tmp_path / "a.dcm")))
    for needle in ("QUIMBY", "48291035", "QUARK", "4711"):
        assert needle not in text


@pytest.mark.parametrize(
    ("age", "sure"), [("093Y", True), ("090Y", False), ("045Y", False), ("011M", False)]
)
def test_an_age_over_89_identifies(tmp_path: Path, age: str, sure: bool) -> None:
    path = seeded(tmp_path / "a.dcm")
    dataset = dcmread(path)
    dataset.PatientAge = age
    dataset.save_as(path)
    assert any(each.tag == "PatientAge" for each in find_header(path)) is sure


@pytest.mark.parametrize(
    "value", ["", "ANONYMOUS", "anonymized^", "Anon 0012", "DEIDENTIFIED", "REMOVED", "xxxx"]
)
def test_a_placeholder_is_nobodys_name(tmp_path: Path, value: str) -> None:
    path = seeded(tmp_path / "a.dcm")
    dataset = dcmread(path)
    dataset.PatientName = value
    dataset.save_as(path)
    assert "PatientName" not in {each.tag for each in find_header(path)}


@pytest.mark.parametrize(
    ("bytes_", "what"), [(b"", "is an empty file"), (b"hello" * 100, "is no image format")]
)
def test_what_is_no_image_is_refused(tmp_path: Path, bytes_: bytes, what: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes_)
    with pytest.raises(BadImage, match=what):
        find_header(path)


@pytest.mark.parametrize("cut", [40, 200, 900])
def test_a_file_cut_short_raises_nothing_else(tmp_path: Path, cut: int) -> None:
    source = seeded(tmp_path / "a.dcm")
    path = tmp_path / "b.dcm"
    path.write_bytes(source.read_bytes()[:-cut] if cut < 100 else source.read_bytes()[:cut])
    said = ""
    try:
        find_header(path)
    except BadImage as error:
        said = str(error)
    assert "QUIMBY" not in said
