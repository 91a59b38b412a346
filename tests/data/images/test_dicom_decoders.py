"""Every compressed transfer syntax, decoded by two libraries and, where it is lossless, compared with its source."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import jpeg_ls
import numpy as np
import openjpeg
import pydicom.data
import pytest
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.encaps import get_frame
from pydicom.pixels import pixel_array
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    MPEG2MPML,
    UID,
    AllTransferSyntaxes,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.dicom_decoders import OURS, plugin_of
from medgpt_cli.data.images.reading import open_image
from tests.data.images import extended_jpeg
from tests.data.images.pictures import dicom, encapsulated, save

NEVER = ("MPEG", "HEVC", "SMPTE", "JPIP", "JPEG XL", "Encapsulated", "Part 2")
BUNDLED = Path(pydicom.data.__file__).parent / "test_files"
ENOUGH = {"WindowCenter": 2048, "WindowWidth": 4096}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """pydicom's own readers warn of its test files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        yield
        logging.disable(logging.NOTSET)


def film(rows: int = 96, columns: int = 80, top: int = 4095) -> np.ndarray:
    """(rows, columns) of uint16, smooth with noise, so that every predictor and band has something to do."""
    y, x = np.mgrid[:rows, :columns]
    grey = 0.5 + 0.4 * np.sin(x / 13) * np.cos(y / 17)
    grey += np.random.default_rng(0).normal(0, 0.01, grey.shape)
    return np.rint(np.clip(grey, 0, 1) * top).astype(np.uint16)


def colour() -> np.ndarray:
    """(rows, columns, 3) of uint8."""
    return np.stack([film(top=255), film(top=255)[::-1], film(top=255)[:, ::-1]], axis=-1).astype(
        np.uint8
    )


def stored(dataset: Dataset) -> np.ndarray:
    """Stored values by our decoder."""
    return pixel_array(dataset, raw=True, decoding_plugin=plugin_of(dataset.file_meta.TransferSyntaxUID))


def first_frame(dataset: Dataset) -> bytes:
    return get_frame(dataset.PixelData, 0, number_of_frames=int(dataset.get("NumberOfFrames") or 1))


def by_charls_of_pyjpegls(frame: bytes) -> np.ndarray:
    return np.asarray(jpeg_ls.decode(np.frombuffer(frame, np.uint8)))


def by_openjph(frame: bytes) -> np.ndarray:
    return np.asarray(imagecodecs.htj2k_decode(frame))


def by_openjpeg_of_pylibjpeg(frame: bytes) -> np.ndarray:
    return np.asarray(openjpeg.decode(frame))


def by_lj92(frame: bytes) -> np.ndarray:
    return np.asarray(imagecodecs.ljpeg_decode(frame))


def by_libjpeg_turbo(frame: bytes) -> np.ndarray:
    return np.asarray(imagecodecs.jpeg8_decode(frame))


LOSSLESS = [
    (JPEGLossless, lambda a, bits: lossless(a, bits, 4), (by_lj92, by_libjpeg_turbo)),
    (JPEGLosslessSV1, lambda a, bits: lossless(a, bits, 1), (by_lj92, by_libjpeg_turbo)),
    (JPEGLSLossless, lambda a, bits: imagecodecs.jpegls_encode(a), (by_charls_of_pyjpegls,)),
    (
        JPEG2000Lossless,
        lambda a, bits: imagecodecs.jpeg2k_encode(a, level=0, codecformat="j2k", bitspersample=bits),
        (by_openjpeg_of_pylibjpeg,),
    ),
    (
        HTJ2KLossless,
        lambda a, bits: imagecodecs.htj2k_encode(a, reversible=True),
        (by_openjph, by_openjpeg_of_pylibjpeg),
    ),
    (
        HTJ2KLosslessRPCL,
        lambda a, bits: imagecodecs.htj2k_encode(a, reversible=True, tlm=True),
        (by_openjph, by_openjpeg_of_pylibjpeg),
    ),
]


def lossless(pixels: np.ndarray, bits: int, predictor: int) -> bytes:
    return bytes(
        imagecodecs.jpeg8_encode(pixels, lossless=True, predictor=predictor, bitspersample=bits)
    )


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize(("syntax", "encode", "others"), LOSSLESS, ids=lambda v: getattr(v, "name", ""))
def test_lossless_grey_is_the_source_and_what_others_decode(
    syntax: UID, encode: Callable[[np.ndarray, int], bytes], others: tuple[Any, ...], bits: int
) -> None:
    pixels = film(top=2**bits - 1).astype(np.uint8 if bits == 8 else np.uint16)
    frame = bytes(encode(pixels, bits))
    dataset = encapsulated(
        [frame],
        syntax,
        *pixels.shape,
        BitsAllocated=8 if bits == 8 else 16,
        BitsStored=bits,
        HighBit=bits - 1,
    )
    assert np.array_equal(stored(dataset), pixels)
    for other in others:
        assert np.array_equal(other(frame), pixels), other.__name__


@pytest.mark.parametrize(("syntax", "encode", "others"), LOSSLESS, ids=lambda v: getattr(v, "name", ""))
def test_lossless_colour_is_the_source_and_what_others_decode(
    syntax: UID, encode: Callable[[np.ndarray, int], bytes], others: tuple[Any, ...]
) -> None:
    pixels = colour()
    frame = bytes(encode(pixels, 8))
    dataset = encapsulated(
        [frame],
        syntax,
        *pixels.shape[:2],
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
    )
    if syntax in JPEG2000TransferSyntaxes:
        dataset.PhotometricInterpretation = "YBR_RCT"
    assert np.array_equal(stored(dataset), pixels)
    for other in others:
        assert np.array_equal(other(frame), pixels), other.__name__


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEG2000Lossless, HTJ2KLossless, RLELossless])
def test_signed_values_keep_their_sign(syntax: UID) -> None:
    pixels = film().astype(np.int16) - 2000
    signs = {"PixelRepresentation": 1, "BitsAllocated": 16, "BitsStored": 13, "HighBit": 12}
    if syntax in (RLELossless, JPEGLSLossless):
        dataset = dicom(pixels, **signs)
        dataset.compress(
            syntax
        )  # JPEG-LS by pyjpegls: 13 bits of two's complement, the stream knows no sign
    elif syntax == JPEG2000Lossless:
        frame = imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="j2k", bitspersample=13)
        dataset = encapsulated([frame], syntax, *pixels.shape, **signs)
    else:
        frame = imagecodecs.htj2k_encode(pixels, reversible=True)
        dataset = encapsulated([frame], syntax, *pixels.shape, **signs)
    assert np.array_equal(stored(dataset), pixels)


@pytest.mark.parametrize("near", [1, 3])
def test_near_lossless_jpeg_ls_stays_within_its_promise_and_agrees_with_another(near: int) -> None:
    pixels = film()
    frame = bytes(imagecodecs.jpegls_encode(pixels, level=near))
    dataset = encapsulated(
        [frame], JPEGLSNearLossless, *pixels.shape, BitsAllocated=16, BitsStored=12, HighBit=11
    )
    ours = stored(dataset)
    assert 0 < np.abs(ours.astype(int) - pixels).max() <= near
    assert np.array_equal(ours, by_charls_of_pyjpegls(frame))


def test_lossy_jpeg_2000_agrees_with_another() -> None:
    pixels = film()
    frame = bytes(imagecodecs.jpeg2k_encode(pixels, level=50, codecformat="j2k", bitspersample=12))
    dataset = encapsulated([frame], JPEG2000, *pixels.shape, BitsAllocated=16, BitsStored=12, HighBit=11)
    assert np.array_equal(stored(dataset), by_openjpeg_of_pylibjpeg(frame))
    assert np.abs(stored(dataset).astype(int) - pixels).max() < 200


def test_lossy_htj2k_agrees_with_another_to_one_step() -> None:
    pixels = film()
    frame = bytes(imagecodecs.htj2k_encode(pixels, level=0.001, reversible=False))
    dataset = encapsulated([frame], HTJ2K, *pixels.shape, BitsAllocated=16, BitsStored=16, HighBit=15)
    ours = stored(dataset).astype(int)
    assert (
        np.abs(ours - by_openjph(frame)).max() <= 1
    )  # irreversible: the standard leaves the rounding open
    assert np.array_equal(ours, by_openjpeg_of_pylibjpeg(frame))


@pytest.mark.parametrize("shape", [(96, 80), (50, 41)])
def test_twelve_bit_jpeg_agrees_with_a_decoder_written_from_the_standard(shape: tuple[int, int]) -> None:
    pixels = film(*shape)
    frame = bytes(imagecodecs.jpeg8_encode(pixels, level=90, bitspersample=12))
    dataset = encapsulated(
        [frame], JPEGExtended12Bit, *shape, BitsAllocated=16, BitsStored=12, HighBit=11
    )
    ours = stored(dataset).astype(int)
    assert ours.max() > 3000
    assert np.abs(ours - extended_jpeg.decode(frame)).max() <= 1  # T.81 leaves the rounding open


@pytest.mark.parametrize("name", ["JPEG-lossy.dcm", "JPGExtended.dcm"])
def test_real_twelve_bit_jpeg_agrees_with_a_decoder_written_from_the_standard(name: str) -> None:
    dataset = dcmread(BUNDLED / name)
    theirs = extended_jpeg.decode(first_frame(dataset))
    assert np.abs(stored(dataset).astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_baseline_jpeg_agrees_with_another(mode: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(colour()).convert(mode).save(buffer, "JPEG", quality=90)
    tags = {} if mode == "L" else {
        "SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_FULL_422", "PlanarConfiguration": 0,
    }  # fmt: skip
    dataset = encapsulated([buffer.getvalue()], JPEGBaseline8Bit, 96, 80, **tags)
    ours = pixel_array(dataset, decoding_plugin=plugin_of(JPEGBaseline8Bit)).astype(int)
    difference = np.abs(ours - imagecodecs.jpeg8_decode(buffer.getvalue()))
    assert difference.max() <= (
        0 if mode == "L" else 2
    )  # colour is converted by each in its own rounding


def test_rle_agrees_with_pydicoms_own() -> None:
    for pixels in (film(), film().astype(np.uint8), colour(), colour().astype(np.uint16) * 200):
        dataset = dicom(pixels)
        dataset.compress(RLELossless)
        assert np.array_equal(stored(dataset), pixels)
        assert np.array_equal(pixel_array(dataset, raw=True, decoding_plugin="pydicom"), pixels)


REAL = {
    JPEG2000: ("pillow", "pylibjpeg"),
    JPEG2000Lossless: ("pylibjpeg",),
    JPEGLSLossless: ("pyjpegls",),
    JPEGLSNearLossless: ("pyjpegls",),
    RLELossless: ("pydicom",),
}


def test_real_files_of_every_syntax_agree_with_other_plugins() -> None:
    compared: dict[str, int] = {}
    for path in sorted(BUNDLED.rglob("*.dcm")):
        try:
            dataset = dcmread(path)
        except Exception:
            continue
        syntax = dataset.file_meta.get("TransferSyntaxUID")
        if syntax not in REAL or "PixelData" not in dataset or "sequence-delimiter" in path.name:
            continue
        for plugin in REAL[syntax]:
            theirs = pixel_array(dataset, raw=True, decoding_plugin=plugin)
            assert np.array_equal(stored(dataset), theirs), (path.name, plugin)
        compared[syntax.name] = compared.get(syntax.name, 0) + 1
    assert sorted(compared.values()) == [1, 3, 4, 4, 9]


def test_the_real_lossless_jpeg_agrees_with_two_others() -> None:
    dataset = dcmread(BUNDLED / "SC_rgb_jpeg_gdcm.dcm")
    frame = first_frame(dataset)
    assert np.array_equal(stored(dataset), by_lj92(frame))
    assert np.array_equal(stored(dataset), by_libjpeg_turbo(frame))


def test_the_decoder_does_not_depend_on_what_else_is_installed(tmp_path: Path) -> None:
    pixels = film()
    path = save(
        encapsulated(
            [imagecodecs.jpegls_encode(pixels)], JPEGLSLossless, *pixels.shape,
            BitsAllocated=16, BitsStored=12, HighBit=11, **ENOUGH,
        ),
        tmp_path / "a",
    )  # fmt: skip
    expected = np.asarray(open_image(str(path)))
    decoder = get_decoder(JPEGLSLossless)
    theirs = dict(decoder._available)
    try:
        for name in theirs:
            if name != "imagecodecs":
                decoder._available[name] = lambda *_: pytest.fail("another decoder was asked")
        assert np.array_equal(np.asarray(open_image(str(path))), expected)
    finally:
        decoder._available.update(theirs)


def cut(kind: str) -> tuple[UID, bytes, dict[str, Any]]:
    pixels = film()
    deep = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11}
    if kind == "baseline":
        buffer = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(buffer, "JPEG")
        return JPEGBaseline8Bit, buffer.getvalue(), {}
    if kind == "twelve":
        return JPEGExtended12Bit, imagecodecs.jpeg8_encode(pixels, bitspersample=12), deep
    if kind == "rle":
        dataset = dicom(pixels)
        dataset.compress(RLELossless)
        return RLELossless, first_frame(dataset), deep
    syntax = {"lossless": 1, "jpeg-ls": 2, "jpeg-2000": 3, "htj2k": 4}[kind]
    return LOSSLESS[syntax][0], bytes(LOSSLESS[syntax][1](pixels, 12)), deep


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
@pytest.mark.parametrize(
    "kind", ["baseline", "twelve", "lossless", "jpeg-ls", "jpeg-2000", "htj2k", "rle"]
)
def test_a_frame_cut_short_is_refused_and_nothing_hangs(tmp_path: Path, kind: str, kept: float) -> None:
    syntax, frame, tags = cut(kind)
    whole = save(encapsulated([frame], syntax, 96, 80, **tags), tmp_path / "whole")
    assert open_image(str(whole)).size == (80, 96)
    path = save(
        encapsulated([frame[: int(len(frame) * kept)]], syntax, 96, 80, **tags), tmp_path / "cut"
    )
    with pytest.raises(BadImage, match="does not unpack to what its header says"):
        open_image(str(path))


def test_damaged_frames_are_refused_or_read_and_never_more(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    outcomes = set()
    for kind in ("twelve", "lossless", "jpeg-ls", "jpeg-2000", "htj2k", "rle"):
        syntax, frame, tags = cut(kind)
        for _ in range(25):
            broken = bytearray(frame)
            for position in draw.integers(0, len(frame), 3):
                broken[position] = draw.integers(0, 256)
            path = save(encapsulated([bytes(broken)], syntax, 96, 80, **tags), tmp_path / "a")
            try:
                outcomes.add(open_image(str(path)).mode)
            except BadImage:
                outcomes.add("refused")
    assert outcomes == {"RGB", "refused"}


def test_every_compressed_syntax_is_decoded_or_refused_by_name() -> None:
    undecoded = {
        syntax.name
        for syntax in AllTransferSyntaxes
        if syntax.is_encapsulated and not plugin_of(syntax) and not syntax.is_retired
    }
    assert all(any(kind in name for kind in NEVER) for name in undecoded), undecoded
    assert plugin_of(MPEG2MPML) == ""
    assert len(OURS) == 11
