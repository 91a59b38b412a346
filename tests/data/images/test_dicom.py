from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.pixels import pixel_array
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.images.whole import verify_image
from tests.data.images.pictures import dicom, encapsulated, gradient, noise, save

BUNDLED = Path(pydicom.data.__file__).parent / "test_files"
"""What lies in the wheel; `get_testdata_files` would download the rest."""


def shown(path: Path | str) -> np.ndarray:
    image = open_image(str(path))
    assert image.mode == "RGB"
    return np.asarray(image)


def grey(path: Path | str) -> np.ndarray:
    picture = shown(path)
    assert (picture == picture[..., :1]).all()
    return picture[..., 0]


def test_every_bundled_file_opens_or_is_refused_in_words() -> None:
    files = [path for path in sorted(BUNDLED.rglob("*")) if path.is_file()]
    opened, refusals = [], {}
    for path in files:
        try:
            picture = shown(path)
        except BadImage as error:
            refusals[path.name] = error.what
        else:
            opened.append(path.name)
            assert min(picture.shape[:2]) >= 16
            verify_image(str(path))
    assert len(files) > 100
    assert len(opened) >= 70
    said = {
        "is DICOM without an image", "cannot be decoded here", "holds", "is", "has no usable Rows",
        "holds a picture of 3722445056 x 1024 pixels",
    }  # fmt: skip
    assert all(any(what.startswith(start) for start in said) for what in refusals.values())
    # Damage is claimed of the one file that is cut short and of no other.
    assert [name for name, what in refusals.items() if what == "is a damaged DICOM file"] == [
        "MR_truncated.dcm"
    ]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("rtplan.dcm", "is DICOM without an image: RT Plan Storage"),
        ("test-SR.dcm", "is DICOM without an image: Comprehensive SR Storage"),
        ("waveform_ecg.dcm", "is DICOM without an image: 12-lead ECG Waveform Storage"),
        ("dicomdirtests/DICOMDIR", "is DICOM without an image: Media Storage Directory Storage"),
        ("examples_ybr_color.dcm", "holds 30 frames"),
        (
            "JPEG2000-embedded-sequence-delimiter.dcm",
            "holds a picture of 3722445056 x 1024 pixels, and its header says 256 x 1024",
        ),
        ("rtdose.dcm", "is 10 x 10 pixels, and the smaller side needs 16"),
        ("zipMR.gz", "is gzip data"),
    ],
)
def test_real_files_that_are_no_picture(name: str, what: str) -> None:
    with pytest.raises(BadImage) as caught:
        open_image(str(BUNDLED / name))
    assert caught.value.what == what


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "MR_small_RLE.dcm",
        "MR_small_jp2klossless.dcm", "image_dfl.dcm", "693_J2KI.dcm", "dicomdirtests/77654033/CT2/17106",
        "dicomdirtests/98892003/MR2/4950",
    ],
)  # fmt: skip
def test_real_grey_files_agree_with_pydicom(name: str) -> None:
    tags = dcmread(BUNDLED / name)
    values = apply_modality_lut(tags.pixel_array, tags).astype(float)
    if "WindowWidth" in tags:
        bits, signed = tags.BitsStored, tags.PixelRepresentation
        ends = np.array([-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] if signed else [0, 2**bits - 1])
        low, high = ends * float(tags.get("RescaleSlope", 1)) + float(tags.get("RescaleIntercept", 0))
        bright = (apply_voi_lut(values, tags) - low) / (high - low)
    else:
        low, high = np.percentile(values, [0.5, 99.5])
        bright = np.clip((values - low) / (high - low), 0, 1)
    assert np.array_equal(grey(BUNDLED / name), np.rint(bright * 255))


@pytest.mark.parametrize(
    "name",
    [
        "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_rle.dcm", "SC_ybr_full_422_uncompressed.dcm",
        "examples_rgb_color.dcm", "ExplVR_BigEnd.dcm", "SC_rgb_jpeg.dcm",
    ],
)  # fmt: skip
def test_real_colour_files_agree_with_pydicom(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = pixel_array(dcmread(BUNDLED / name))
    assert np.array_equal(shown(BUNDLED / name), expected)


def test_the_same_picture_in_every_plain_syntax(tmp_path: Path) -> None:
    pixels = gradient(40, 50, np.int16, 3000) - 1000
    window = {"WindowCenter": 500, "WindowWidth": 1500, "RescaleSlope": 2, "RescaleIntercept": -7}
    expected = None
    for syntax in (
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ):
        found = grey(save(dicom(pixels, syntax, **window), tmp_path / "a"))
        assert expected is None or np.array_equal(found, expected), syntax.name
        expected = found


def test_a_compressed_picture_is_the_plain_one(tmp_path: Path) -> None:
    pixels = gradient(40, 50, np.uint16, 4000)
    dataset = dicom(pixels, WindowCenter=2000, WindowWidth=4000)
    expected = grey(save(dataset, tmp_path / "a"))
    dataset.compress(RLELossless)
    assert np.array_equal(grey(save(dataset, tmp_path / "b")), expected)


def test_a_jpeg_inside_is_decoded_and_its_colours_kept(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    noise(32, 48).save(buffer, "JPEG", quality=95)
    dataset = encapsulated(
        [buffer.getvalue()], JPEGBaseline8Bit, 32, 48,
        SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL_422", PlanarConfiguration=0,
    )  # fmt: skip
    theirs = np.asarray(Image.open(buffer), np.int64)
    assert np.abs(shown(save(dataset, tmp_path / "a")) - theirs).max() <= 2


def test_each_frame_is_shown_by_its_number(tmp_path: Path) -> None:
    frames = np.stack([np.full((16, 16), shade, np.uint8) for shade in (10, 120, 250)])
    frames[:, 0, 0] = 0, 255, 0
    window = {"WindowCenter": 127.5, "WindowWidth": 255, "VOILUTFunction": "LINEAR_EXACT"}
    path = save(dicom(frames, NumberOfFrames=3, **window), tmp_path / "a")
    assert [int(grey(f"{path}#frame={n}")[5, 5]) for n in (2, 0, 1)] == [250, 10, 120]


def test_another_window_may_be_asked_for(tmp_path: Path) -> None:
    pixels = gradient(40, 50, np.int16, 3000) - 1000
    scale = {"RescaleSlope": 1, "RescaleIntercept": -24}
    lung = save(dicom(pixels, WindowCenter=-600, WindowWidth=1500, **scale), tmp_path / "lung")
    bone = save(dicom(pixels, WindowCenter=400, WindowWidth=1800, **scale), tmp_path / "bone")
    assert np.array_equal(grey(f"{bone}#window=-600/1500"), grey(lung))
    assert not np.array_equal(grey(bone), grey(lung))
    colours = save(dicom(np.asarray(noise(24, 32))), tmp_path / "colour")
    with pytest.raises(BadImage, match="has colours, and a window is for grey"):
        open_image(f"{colours}#window=40/400")


def test_the_preamble_of_a_tiff_or_a_program_does_not_hide_the_picture(tmp_path: Path) -> None:
    path = save(dicom(gradient()), tmp_path / "a")
    expected = grey(path)
    path.write_bytes(b"MZ" + path.read_bytes()[2:])
    assert np.array_equal(grey(path), expected)


def test_a_file_whose_tags_are_written_against_its_syntax_is_read_frame_by_frame(tmp_path: Path) -> None:
    frames = np.stack([gradient(), gradient()[::-1]])
    path = save(dicom(frames, ImplicitVRLittleEndian, NumberOfFrames=2), tmp_path / "a")
    expected = grey(f"{path}#frame=1")
    implicit, explicit = b"UI\x12\x001.2.840.10008.1.2\x00", b"UI\x14\x001.2.840.10008.1.2.1\x00"
    raw = path.read_bytes()
    assert implicit in raw
    length = int.from_bytes(raw[140:144], "little") + 2  # of the file meta group
    path.write_bytes(raw[:140] + length.to_bytes(4, "little") + raw[144:].replace(implicit, explicit, 1))
    assert np.array_equal(grey(f"{path}#frame=1"), expected)


def test_only_the_named_frame_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(dicom(np.zeros((200, 64, 64), np.uint8), NumberOfFrames=200), tmp_path / "a")
    read = []
    monkeypatch.setattr(
        "medgpt_cli.data.images.reading.os.fdopen",
        lambda descriptor, mode: Counting(io.FileIO(descriptor), read),
    )
    open_image(f"{path}#frame=150")
    assert 64 * 64 <= sum(read) < 4 * 64 * 64


class Counting(io.BufferedReader):
    """Notes how many bytes each read took."""

    def __init__(self, raw: io.FileIO, read: list[int]) -> None:
        super().__init__(raw)
        self._read = read

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._read.append(len(data))
        return data


def test_one_bit_pixels(tmp_path: Path) -> None:
    mask = np.zeros((16, 16), np.uint8)
    mask[4:12, 4:12] = 1
    dataset = dicom(np.zeros((16, 16), np.uint8), BitsAllocated=1, BitsStored=1, HighBit=0)
    dataset.PixelData = np.packbits(mask, bitorder="little").tobytes()
    assert np.array_equal(grey(save(dataset, tmp_path / "a")), mask * 255)


def test_float_pixels(tmp_path: Path) -> None:
    values = gradient(20, 30).astype(np.float32) / 7 - 3
    dataset = dicom(
        np.zeros((20, 30), np.uint32), WindowCenter=10, WindowWidth=30, VOILUTFunction="LINEAR_EXACT"
    )
    del dataset.PixelData
    dataset.FloatPixelData = values.tobytes()
    expected = np.rint(np.clip((values.astype(float) - 10) / 30 + 0.5, 0, 1) * 255)
    assert np.array_equal(grey(save(dataset, tmp_path / "a")), expected)


def test_a_file_without_preamble_or_syntax_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian):
        dataset = dicom(gradient(), syntax)
        expected = grey(save(dataset, path))
        whole = path.read_bytes()
        first = b"\x00\x08\x00\x16" if syntax == ExplicitVRBigEndian else b"\x08\x00\x16\x00"
        path.write_bytes(whole[whole.index(first) :])
        assert np.array_equal(grey(path), expected), syntax.name


def test_what_pydicom_warns_of_is_not_said(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    path = BUNDLED / "SC_rgb_jpeg.dcm"
    with pytest.warns(UserWarning, match="using implicit VR"):
        dcmread(path)
    caplog.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        open_image(str(path))
    assert not caught
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_damage_anywhere_is_refused_or_read_and_never_more(tmp_path: Path) -> None:
    window = {"WindowCenter": 500, "WindowWidth": 300, "PixelPaddingValue": 3}
    originals = [
        save(dicom(gradient(dtype=np.uint16), **window), tmp_path / "plain").read_bytes(),
        save(
            dicom(gradient(dtype=np.uint16), ImplicitVRLittleEndian, **window), tmp_path / "implicit"
        ).read_bytes(),
        (BUNDLED / "MR_small_RLE.dcm").read_bytes(),
        (BUNDLED / "SC_rgb_jpeg_dcmtk.dcm").read_bytes(),
        (BUNDLED / "image_dfl.dcm").read_bytes()[:3000],
    ]
    draw = np.random.default_rng(2)
    path = tmp_path / "a"
    outcomes = set()
    for whole in originals:
        for _ in range(80):
            broken = bytearray(whole)
            for position in draw.integers(128, min(len(whole), 1500), 4):
                broken[position] = draw.integers(0, 256)
            path.write_bytes(broken[: draw.integers(1, len(whole))] if draw.random() < 0.2 else broken)
            try:
                outcomes.add(open_image(str(path)).mode)
            except BadImage:
                outcomes.add("refused")
    assert outcomes == {"RGB", "refused"}


def test_a_private_syntax_is_refused_by_the_cheap_check_too(tmp_path: Path) -> None:
    path = save(encapsulated([b"x"], UID("1.2.3.4.5"), 24, 32), tmp_path / "a")
    with pytest.raises(BadImage, match="private transfer syntax"):
        verify_image(str(path))
