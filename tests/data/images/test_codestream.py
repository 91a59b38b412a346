from __future__ import annotations

import io

import pytest

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.codestream import jpeg_size, refuse_other_size
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
