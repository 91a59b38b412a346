from __future__ import annotations

import gzip

import pytest

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.formats import format_of


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"II*\x00", "TIFF"),
        (b"MM\x00*", "TIFF"),
        (b"II+\x00", "TIFF"),
        (b"GIF89a", "GIF"),
        (b"BM" + bytes(200), "BMP"),
        (b"PAR1", "PARQUET"),
        (b"ARROW1\0\0", "ARROW"),
        (b"\xff\xff\xff\xff\x10\x01\0\0", "ARROW"),
        (b"\x5c\x01\0\0" + bytes(340) + b"n+1\0", "NIFTI"),
        (gzip.compress(b"\x5c\x01\0\0" + bytes(340) + b"n+1\0", mtime=0), "NIFTI"),
        (gzip.compress(b"\x1c\x02\0\0n+2\0" + bytes(540), mtime=0), "NIFTI"),
        (b"RIFF\x00\x00\x00\x00WEBP", "WEBP"),
        (bytes(128) + b"DICM", "DICOM"),
        (b"II*\x00" + bytes(124) + b"DICM", "DICOM"),  # a dual file: what it says at 128 counts
        (b"\x08\x00\x05\x00CS\x0a\x00" + bytes(200), "DICOM"),
        (b"\x08\x00\x00\x00\x04\x00\x00\x00" + bytes(200), "DICOM"),
        (b"\x00\x08\x00\x05CS\x00\x0a" + bytes(200), "DICOM"),
        (b"\x02\x00\x00\x00UL\x04\x00" + bytes(200), "DICOM"),
    ],
)
def test_formats_are_told_by_their_first_bytes(head: bytes, kind: str) -> None:
    assert format_of(head) == kind


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"RIFF\x00\x00\x00\x00WAVE", "no image format that is known"),
        (b"\x08\x00\x05\x00CS", "no image format that is known"),
        (b"\x5c\x01" + bytes(342) + b"ni1\x00", "a NIfTI header whose voxels lie in another file"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x00\x00\x00 ftypheic", "HEIC, AVIF or a video"),
        (b"\xef\xbb\xbf\n<?xml version", "SVG or XML"),
        (b"\x00\x00\x00\x0cjP  \r\n", "JPEG 2000"),
        (b"PK\x03\x04", "a zip archive"),
    ],
)
def test_others_are_named(head: bytes, name: str) -> None:
    with pytest.raises(BadImage) as caught:
        format_of(head)
    assert caught.value.what == f"is {name}"
