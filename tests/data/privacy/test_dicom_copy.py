"""Text burned into DICOM pixels, blanked whatever way they are stored."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom import Dataset, Sequence, dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.privacy.burned_in import Box, text_boxes
from medgpt_cli.data.privacy.dicom_copy import copy_dicom, kind_of, regions_of, shown_frames
from medgpt_cli.data.privacy.header_profile import HeaderProfile
from medgpt_cli.data.privacy.profile import Profile
from medgpt_cli.data.privacy.standins import StandIns
from medgpt_cli.data.privacy.surrogates import Surrogates
from medgpt_cli.data.privacy.text import find_text
from tests.data.privacy.seeded import seeded

PROFILE = HeaderProfile(StandIns(Surrogates(bytes(32)), Profile.SHIFTED), find_text)
BOX = Box(4, 6, 40, 20)


def changed(path: Path, **values: object) -> Path:
    dataset = dcmread(path)
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)
    return path


def copied(source: Path, *boxes: Box, pixels_read: bool = True) -> Dataset:
    target = source.parent / "new.dcm"
    target.unlink(missing_ok=True)
    copy_dicom(source, target, PROFILE, boxes=boxes, pixels_read=pixels_read)
    return dcmread(target)


@pytest.mark.parametrize("frames", [1, 4])
@pytest.mark.parametrize(("photometric", "ink"), [("MONOCHROME2", 0), ("MONOCHROME1", 199)])
def test_boxes_are_dark_in_every_frame_and_it_is_said(
    tmp_path: Path, frames: int, photometric: str, ink: int
) -> None:
    source = changed(seeded(tmp_path / "a.dcm", frames=frames), PhotometricInterpretation=photometric)
    new, old = copied(source, BOX), dcmread(source)
    pixels = new.pixel_array.reshape(frames, 64, 80)
    assert (pixels[:, 6:20, 4:40] == ink).all()
    mask = np.ones((64, 80), bool)
    mask[6:20, 4:40] = False
    assert (pixels[:, mask] == old.pixel_array.reshape(frames, 64, 80)[:, mask]).all()
    assert [item.CodeValue for item in new.DeidentificationMethodCodeSequence][-1] == "113101"
    assert new.BurnedInAnnotation == "NO"


def test_what_was_read_and_bears_no_text_is_not_called_clean(tmp_path: Path) -> None:
    new = copied(changed(seeded(tmp_path / "a.dcm"), BurnedInAnnotation="YES"))
    assert new.BurnedInAnnotation == "YES"
    assert "113101" not in [item.CodeValue for item in new.DeidentificationMethodCodeSequence]


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_compressed_pixels_are_blanked(tmp_path: Path, syntax: str) -> None:
    source = seeded(tmp_path / "a.dcm")
    dataset = dcmread(source)
    plain = dataset.pixel_array.copy()
    dataset.compress(syntax, generate_instance_uid=False)
    dataset.save_as(source)
    pixels = copied(source, BOX).pixel_array
    assert (pixels[6:20, 4:40] == 0).all()
    assert (pixels[30:] == plain[30:]).all()


@pytest.mark.parametrize(
    "name",
    ["SC_ybr_full_422_uncompressed.dcm", "SC_rgb_jpeg_dcmtk.dcm", "examples_ybr_color.dcm", "examples_palette.dcm"],
)  # fmt: skip
def test_colours_stay_what_they_were(tmp_path: Path, name: str) -> None:
    source = Path(str(get_testdata_file(name)))
    target = tmp_path / "new.dcm"
    copy_dicom(source, target, PROFILE, boxes=[Box(0, 0, 12, 10)], pixels_read=False)
    for old, new in zip(shown_frames(source), shown_frames(target), strict=True):
        assert np.array_equal(old[12:], new[12:])
        assert np.array_equal(old[:, 14:], new[:, 14:])


def test_16_bits_and_signed_values(tmp_path: Path) -> None:
    source = Path(str(get_testdata_file("CT_small.dcm")))
    target = tmp_path / "new.dcm"
    copy_dicom(source, target, PROFILE, boxes=[Box(0, 0, 20, 20)], pixels_read=True)
    old, new = dcmread(source).pixel_array, dcmread(target).pixel_array
    assert (new[:20, :20] == old.min()).all()
    assert (new[20:] == old[20:]).all()


def test_a_cameras_words_inside_a_frame_are_gone(tmp_path: Path) -> None:
    frame = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "Patient QUIMBYLOU"
    Image.radial_gradient("L").save(frame, "JPEG", exif=exif, comment=b"QUIMBYLOU")
    source = changed(
        seeded(tmp_path / "a.dcm", rows=256, columns=256), PixelData=encapsulate([frame.getvalue()])
    )
    dataset = dcmread(source)
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.save_as(source)
    assert b"QUIMBYLOU" not in bytes(copied(source).PixelData)
    (old,), (new,) = shown_frames(source), shown_frames(tmp_path / "new.dcm")
    assert (old == new).all()


def test_big_endian_is_refused_rather_than_garbled(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match="big endian"):
        copy_dicom(
            Path(str(get_testdata_file("MR_small_bigendian.dcm"))),
            tmp_path / "new.dcm",
            PROFILE,
            boxes=[BOX],
        )


def region(left: int, top: int, right: int, bottom: int) -> Dataset:
    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMinY0 = left, top
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = right, bottom
    return item


def test_around_the_regions_of_an_ultrasound_nothing_stays(tmp_path: Path) -> None:
    source = changed(
        seeded(tmp_path / "a.dcm"),
        Modality="US",
        SequenceOfUltrasoundRegions=Sequence([region(10, 12, 59, 55)]),
    )
    pixels = copied(source).pixel_array
    assert not pixels[:12].any()
    assert not pixels[:, :10].any()
    assert (pixels[12:56, 10:60] == dcmread(source).pixel_array[12:56, 10:60]).all()
    assert (copied(source, pixels_read=False).pixel_array == dcmread(source).pixel_array).all()


@pytest.mark.parametrize("modality", ["DX", "US"])
def test_regions_count_only_for_ultrasound_and_inside_the_picture(modality: str) -> None:
    dataset = Dataset()
    dataset.Modality, dataset.Rows, dataset.Columns = modality, 64, 80
    dataset.SequenceOfUltrasoundRegions = Sequence(
        [region(10, 12, 59, 55), region(0, 0, 999, 999), region(9, 9, 3, 3)]
    )
    assert regions_of(dataset) == ([Box(10, 12, 60, 56)] if modality == "US" else [])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({}, "CR"),
        ({"BurnedInAnnotation": "YES"}, "SC"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "SC"),
        ({"Modality": "US"}, "US"),
    ],
)
def test_which_kinds_often_bear_text(tmp_path: Path, values: dict[str, str], kind: str) -> None:
    assert kind_of(changed(seeded(tmp_path / "a.dcm"), **values)) == kind


def test_a_name_in_the_pixels_is_gone(tmp_path: Path) -> None:
    source = seeded(tmp_path / "a.dcm", rows=200, columns=400)
    picture = Image.new("L", (400, 200), 60)
    ImageDraw.Draw(picture).text((10, 10), "QUIMBYLOU 4829", fill=250, font=ImageFont.load_default(24))
    changed(source, PixelData=picture.tobytes())
    (shown,) = shown_frames(source)
    boxes = text_boxes(shown)
    assert boxes
    copied(source, *boxes)
    (after,) = shown_frames(tmp_path / "new.dcm")
    assert text_boxes(after) == []
