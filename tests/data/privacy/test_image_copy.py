"""Pictures without metadata: the pixels are the same, byte for byte where nothing was blanked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from nibabel import Nifti1Image, Nifti2Image
from nibabel import load as load_nifti
from nibabel.nifti1 import Nifti1Extension
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.formats import HEAD, format_of
from medgpt_cli.data.privacy.burned_in import Box
from medgpt_cli.data.privacy.headers import find_header
from medgpt_cli.data.privacy.image_copy import copy_image

SECRET = "Patient: John Brown, MRN: 48291035"
GREY = Image.linear_gradient("L").resize((120, 90))
SIXTEEN = Image.fromarray(np.arange(90 * 120, dtype=np.uint16).reshape(90, 120) * 6)
PALETTE = GREY.convert("RGB").quantize(16)
EXIF = Image.Exif()
EXIF[0x010E] = SECRET
EXIF[0x0112] = 6
INFO = PngInfo()
INFO.add_text("Comment", SECRET)
XMP = f"<x>{SECRET}</x>".encode()


def copied(source: Path, *boxes: Box) -> Path:
    target = source.with_name("new" + source.suffix)
    with source.open("rb") as stream:
        kind = format_of(stream.read(HEAD))
        stream.seek(0)
        copy_image(stream, kind, target, boxes)
    return target


@pytest.mark.parametrize(
    ("name", "image", "options"),
    [
        ("a.png", GREY, {"pnginfo": INFO, "exif": EXIF}),
        ("b.png", SIXTEEN, {"pnginfo": INFO}),
        ("c.png", PALETTE, {"pnginfo": INFO, "transparency": 3}),
        ("a.jpg", GREY, {"exif": EXIF, "comment": SECRET.encode(), "xmp": XMP}),
        ("b.jpg", GREY.convert("CMYK"), {"exif": EXIF}),
        ("c.jpg", GREY.convert("RGB"), {"exif": EXIF, "progressive": True}),
        ("a.tif", SIXTEEN, {"description": SECRET}),
        (
            "b.tif",
            GREY,
            {"save_all": True, "append_images": [ImageOps.invert(GREY)], "description": SECRET},
        ),
        ("a.webp", GREY.convert("RGB"), {"lossless": True, "exif": EXIF, "xmp": XMP}),
        ("b.webp", GREY.convert("RGB"), {"xmp": XMP}),
        ("a.gif", PALETTE, {"comment": SECRET.encode()}),
        ("a.bmp", GREY, {}),
    ],
)
def test_nothing_but_the_pixels_is_copied(
    tmp_path: Path, name: str, image: Image.Image, options: dict[str, object]
) -> None:
    source = tmp_path / name
    image.save(source, **options)
    before = source.read_bytes()
    target = copied(source)
    data = target.read_bytes()
    assert b"Brown" not in data
    assert b"4829" not in data
    assert find_header(target) == []
    with Image.open(source) as old, Image.open(target) as new:
        assert (old.mode, old.size, getattr(old, "n_frames", 1)) == (
            new.mode,
            new.size,
            getattr(new, "n_frames", 1),
        )
        for frame in range(getattr(old, "n_frames", 1)):
            old.seek(frame)
            new.seek(frame)
            assert np.array_equal(np.asarray(old.convert("RGBA")), np.asarray(new.convert("RGBA")))
            assert np.array_equal(np.asarray(old), np.asarray(new))
        assert new.getexif().get(0x0112, 1) == old.getexif().get(0x0112, 1)
    assert source.read_bytes() == before


def test_what_stands_behind_the_picture_stays_behind(tmp_path: Path) -> None:
    source = tmp_path / "a.jpg"
    GREY.save(source)
    source.write_bytes(source.read_bytes() + SECRET.encode())
    assert SECRET.encode() not in copied(source).read_bytes()


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp", "16.png", "p.png"])
def test_boxes_are_black_and_the_rest_stands(tmp_path: Path, name: str) -> None:
    image = {"16.png": SIXTEEN, "p.png": PALETTE, "a.webp": GREY.convert("RGB")}.get(name, GREY)
    source = tmp_path / name
    image.save(source, **({"lossless": True} if name == "a.webp" else {}))
    with Image.open(source) as old, Image.open(copied(source, Box(10, 20, 60, 40))) as new:
        grey = np.asarray(old.convert("I" if name == "16.png" else "L")).astype(int)
        left = np.asarray(new.convert("I" if name == "16.png" else "L")).astype(int)
    assert left[22:38, 12:58].max() <= (12 if name == "a.jpg" else 0)
    outside = np.ones(grey.shape, bool)
    outside[12:48, 2:68] = False
    assert np.abs(grey - left)[outside].max() <= (6 if name == "a.jpg" else 0)


def test_boxes_are_those_of_the_upright_picture(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    GREY.save(source, exif=EXIF)
    with Image.open(copied(source, Box(0, 0, 30, 10))) as new:
        assert new.size == (90, 120)
        assert new.getexif().get(0x0112, 1) == 1
        assert np.asarray(new)[:10, :30].max() == 0


@pytest.mark.parametrize("kind", [Nifti1Image, Nifti2Image])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_volume_keeps_its_voxels_and_its_place(tmp_path: Path, kind: type, name: str) -> None:
    voxels = np.arange(20 * 18 * 16, dtype=np.int16).reshape(20, 18, 16)
    affine = np.diag([2.0, 1.5, 1.0, 1.0])
    image = kind(voxels, affine)
    image.header["descrip"] = SECRET.encode()
    image.header.extensions.append(Nifti1Extension("comment", SECRET.encode()))
    image.to_filename(tmp_path / name)
    target = tmp_path / f"new-{name}"
    with (tmp_path / name).open("rb") as stream:
        copy_image(stream, "NIFTI", target)
    new = load_nifti(target)
    assert np.array_equal(np.asarray(new.dataobj), voxels)
    assert np.array_equal(new.affine, affine)
    assert len(new.header.extensions) == 0
    assert find_header(target) == []


def test_a_slide_with_its_label_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "a.tif"
    GREY.save(source, save_all=True, append_images=[GREY.resize((40, 40))])
    with pytest.raises(BadImage, match="pages of several sizes"):
        copied(source)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
def test_a_file_cut_short_is_refused_or_copied_without_words(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / f"a.{suffix}"
    GREY.convert("RGB").save(source)
    source.write_bytes(source.read_bytes()[:200])
    said = ""
    try:
        copied(source)
    except BadImage as error:
        said = error.what
    assert said in ("is damaged or cut short", "")
