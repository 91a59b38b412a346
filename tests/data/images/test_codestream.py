from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from pydicom.pixels.encoders.native import _encode_frame

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.codestream import jpeg_size, refuse_other_size, refuse_rle_overrun
from tests.data.images.pictures import noise


def encoded(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    noise(20, 33).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "frame",
    [
        encoded("JPEG"),
        encoded("JPEG", progressive=True, comment=b"x" * 300),
        encoded("JPEG2000"),
        encoded("JPEG2000", no_jp2=True, tile_size=(16, 16)),
        b"\xff\xd8\xff\xff\xff\xf7\x00\x0b\x08\x00\x14\x00\x21\x01\x01\x11\x00",  # JPEG-LS, with a fill byte
        b"\xff\xd8\xff\xc3\x00\x0b\x10\x00\x14\x00\x21\x01\x01\x11\x00",  # lossless JPEG
    ],
)
def test_the_size_is_read_from_the_marker(frame: bytes) -> None:
    assert jpeg_size(frame) == (33, 20)
    refuse_other_size(frame, 33, 20)
    with pytest.raises(BadImage, match="33 x 20 pixels, and its header says 20 x 33"):
        refuse_other_size(frame, 20, 33)


@pytest.mark.parametrize(
    "frame", [b"", b"\xff\xd8", encoded("JPEG")[:20], b"\xff\x4f\xff\x51\x00", bytes(99)]
)
def test_a_frame_without_a_size_says_nothing(frame: bytes) -> None:
    assert jpeg_size(frame) is None


def rle(pixels: np.ndarray) -> bytes:
    """RLE as pydicom's own encoder writes it."""
    from pydicom.pixels.encoders.base import EncodeRunner
    from pydicom.uid import RLELossless

    runner = EncodeRunner(RLELossless)
    runner.set_options(
        rows=pixels.shape[0], columns=pixels.shape[1], samples_per_pixel=1, bits_allocated=16, bits_stored=16,
        pixel_representation=0, number_of_frames=1, photometric_interpretation="MONOCHROME2", byteorder="<",
    )  # fmt: skip
    return bytes(_encode_frame(pixels.astype("<u2").tobytes(), runner))


def test_honest_rle_passes_and_one_row_less_is_an_overrun() -> None:
    frame = rle(np.random.default_rng(0).integers(0, 9, (32, 40), np.uint16) * 100)
    refuse_rle_overrun(frame, 32 * 40)
    with pytest.raises(BadImage, match="unpacks to more"):
        refuse_rle_overrun(frame, 31 * 40)


@pytest.mark.parametrize(
    "frame",
    [
        b"short",
        struct.pack("<16I", 1, 60, *[0] * 14) + bytes(9),
        struct.pack("<16I", 1, 9999, *[0] * 14) + bytes(9),
        struct.pack("<16I", 2, 70, 64, *[0] * 13) + bytes(9),
    ],
)
def test_a_broken_rle_header_is_refused(frame: bytes) -> None:
    with pytest.raises(BadImage, match="broken RLE frame"):
        refuse_rle_overrun(frame, 100)
