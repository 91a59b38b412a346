"""What a file is, by its first bytes and never by its name.

Ten formats are opened, two of them tables with pictures in their cells; the rest are told apart well enough to say
what was found.  This module decodes nothing.
"""

from __future__ import annotations

import zlib

from medgpt_cli.core.errors import BadImage

HEAD = 1024
"""Bytes of a file that `format_of` wants to see."""

CONVERT = "PNG, JPEG, TIFF, WebP, GIF, BMP, DICOM and NIfTI are read; convert it to one of them"
GZIP = b"\x1f\x8b"

_READ = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",
    b"MM\x00+": "TIFF",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"PAR1": "PARQUET",
    b"ARROW1": "ARROW",
    b"\xff\xff\xff\xff": "ARROW",  # a stream, as the datasets library writes it
}
_KNOWN = {
    b"8BPS": "a Photoshop file",
    b"%!PS": "PostScript",
    b"%PDF": "a PDF",
    b"SIMPLE  =": "a FITS file",
    b"\x00\x00\x00\x0cjP": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\x00\x00\x00\x0cJXL": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"PK\x03\x04": "a zip archive",
    GZIP: "gzip data",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"NRRD": "an NRRD file",
}
# Value representations a DICOM file may open with when it has no preamble: those of groups 0002 and 0008.
_FIRST_VRS = {b"UL", b"OB", b"UI", b"CS", b"SH", b"AE", b"LO", b"DA", b"TM", b"ST", b"SQ", b"PN"}


def format_of(head: bytes) -> str:
    """The format of a file: PNG, JPEG, TIFF, WEBP, GIF, BMP, DICOM, NIFTI, PARQUET or ARROW.

    Args:
        head: The file's first `HEAD` bytes, or all there are.

    Raises:
        BadImage: Empty, or something else, named where it is known.
    """
    if not head:
        raise BadImage("is an empty file", repair="copy it again")
    if head[128:132] == b"DICM" or _bare_dicom(head):
        return "DICOM"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if nifti_version(plain_head(head)):
        return "NIFTI"
    for magic, name in _READ.items():
        if head.startswith(magic):
            return name
    raise BadImage(f"is {_foreign(head)}", repair=CONVERT)


def plain_head(head: bytes) -> bytes:
    """The first bytes of a file, unpacked if they are gzip's."""
    if not head.startswith(GZIP):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, HEAD)
    except zlib.error:
        return head


def nifti_version(head: bytes) -> int:
    """1 or 2 for a NIfTI volume in one file; 0 for anything else."""
    if head[344:348] == b"n+1\x00":
        return 1
    return 2 if head[4:8] == b"n+2\x00" else 0


def _bare_dicom(head: bytes) -> bool:
    """Whether a data set opens the file without preamble: group 0002 or 0008, a low element, a sane length."""
    if len(head) < 132:
        return False
    vr = head[4:6]
    if head[:2] in (b"\x02\x00", b"\x08\x00") and head[3] == 0:
        return vr in _FIRST_VRS or int.from_bytes(head[4:8], "little") < 1024
    return head[:2] == b"\x00\x08" and head[2] == 0 and vr in _FIRST_VRS


def _foreign(head: bytes) -> str:
    for magic, name in _KNOWN.items():
        if head.startswith(magic):
            return name
    if head[344:348] == b"ni1\x00" or head[4:8] == b"ni2\x00":
        return "a NIfTI header whose voxels lie in another file"
    if head[4:8] == b"ftyp":
        return "HEIC, AVIF or a video"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:256].lower()
    if b"<svg" in text or text.startswith(b"<?xml"):
        return "SVG or XML"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return "no image format that is known"
