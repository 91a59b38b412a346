"""Bad image files, through `open_image`."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from pydicom.uid import (
    MPEG4HP41,
    UID,
    EncapsulatedPDFStorage,
    EnhancedSRStorage,
    JPEGBaseline8Bit,
    JPEGLSLossless,
)

from medgpt_cli.data.images.reading import open_image
from tests.bad_inputs.case import Case
from tests.data.images.pictures import (
    deflated,
    dicom,
    encapsulated,
    gradient,
    noise,
    png_header,
    rle_bomb,
    save,
)

WHERE = "local.jsonl:17 images[1]"
CONVERT = "PNG, JPEG, TIFF, WebP, GIF, BMP, DICOM and NIfTI are read; convert it to one of them"
COPY = "copy it again from where it came"
EXPORT = "export it again from the archive"
CUT_OUT = "cut out the region that matters"


def case(
    name: str, make: Callable[[Path], object], what: str, repair: str = "", frame: str = ""
) -> Case:
    """An image made at a path that looks like a PNG; format is told by content."""

    def refused() -> object:
        path = Path("a.png")
        made = make(path)
        if isinstance(made, bytes):
            path.write_bytes(made)
        return open_image(f"{path}{frame}", where=WHERE)

    return Case(name, refused, f"{WHERE}  {what}" + (f"\n{repair}" if repair else ""), "BAD_IMAGE")


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scan(**tags: Any) -> Callable[[Path], object]:
    return lambda path: save(dicom(gradient(), **tags), path) and None


def without_pixels(sop_class: UID | None) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        dataset = dicom()
        if sop_class is None:
            del dataset.SOPClassUID
            dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.3.4")
        else:
            dataset.SOPClassUID = sop_class
        save(dataset, path)

    return make


def cut(path: Path) -> bytes:
    save(dicom(gradient(64, 64)), path)
    return path.read_bytes()[:-100]


def compressed(syntax: UID) -> Callable[[Path], object]:
    return lambda path: save(encapsulated([b"\xff\xd8\xff\xd9"], syntax, 24, 32), path) and None


PAGES = [Image.new("L", (32, 32), shade) for shade in (0, 128, 255)]

FILES = [
    case("no such image", lambda path: None, "there is no such file", "mend the path"),
    case("a folder opened as an image", Path.mkdir, "is not a regular file", "name an image file"),
    case("a pipe opened as an image", os.mkfifo, "is not a regular file", "name an image file"),
    Case(
        "a device opened as an image",
        lambda: open_image("/dev/zero"),
        "is not a regular file\nname an image file",
        "BAD_IMAGE",
    ),
    case("an empty image file", lambda path: b"", "is an empty file", "copy it again"),
    case("Photoshop", lambda path: b"8BPS" + bytes(99), "is a Photoshop file", CONVERT),
    case("EPS called PNG", lambda path: encoded(PAGES[0], "EPS"), "is PostScript", CONVERT),
    case(
        "SVG called PNG", lambda path: b'<svg xmlns="http://x"><script/></svg>', "is SVG or XML", CONVERT
    ),
    case("a web page called PNG", lambda path: b"<!DOCTYPE html><p>404</p>", "is a web page", CONVERT),
    case(
        "a text called PNG", lambda path: b"not a picture", "is no image format that is known", CONVERT
    ),
    case(
        "half a NIfTI pair",
        lambda path: b"\x5c\x01" + bytes(342) + b"ni1\x00",
        "is a NIfTI header whose voxels lie in another file",
        CONVERT,
    ),
    case(
        "a NIfTI header of nothing",
        lambda path: b"\x5c\x01" + bytes(342) + b"n+1\x00",
        "is damaged or cut short",
        COPY,
    ),
    case("gzip", lambda path: b"\x1f\x8b" + bytes(400), "is gzip data", CONVERT),
]

PILLOW = [
    case("PNG cut short", lambda path: encoded(noise(), "PNG")[:9000], "is damaged or cut short", COPY),
    case(
        "JPEG cut short", lambda path: encoded(noise(), "JPEG")[:2000], "is damaged or cut short", COPY
    ),
    case(
        "TIFF cut short", lambda path: encoded(noise(), "TIFF")[:9000], "is damaged or cut short", COPY
    ),
    case("WebP cut short", lambda path: encoded(noise(), "WEBP")[:900], "is damaged or cut short", COPY),
    case(
        "a PNG signature alone",
        lambda path: b"\x89PNG\r\n\x1a\n" + bytes(99),
        "says PNG and is not readable as such",
        COPY,
    ),
    case(
        "a bomb of 144 megapixels",
        lambda path: png_header(12_000, 12_000, bytes(12_000 * 12_001)),
        "is 12000 x 12000 pixels, over the limit of 64 megapixels",
        f"make it smaller, or {CUT_OUT}",
    ),
    case(
        "a bomb of 10,000 megapixels",
        lambda path: png_header(100_000, 100_000),
        "is over the limit of 64 megapixels",
        f"make it smaller, or {CUT_OUT}",
    ),
    case(
        "one pixel",
        lambda path: encoded(Image.new("L", (1, 1)), "PNG"),
        "is 1 x 1 pixels, and the smaller side needs 16",
        "leave it out",
    ),
    case(
        "a strip",
        lambda path: encoded(Image.new("L", (400, 16)), "PNG"),
        "is 400 x 16 pixels, more than 20 times as long as wide",
        CUT_OUT,
    ),
    case(
        "a TIFF of three pages",
        lambda path: encoded(PAGES[0], "TIFF", save_all=True, append_images=PAGES[1:]),
        "holds 3 pages",
        "name one: #frame=0 to #frame=2 behind the path",
    ),
    case(
        "an animated PNG",
        lambda path: encoded(PAGES[0], "PNG", save_all=True, append_images=PAGES[1:]),
        "holds 3 frames",
        "name one: #frame=0 to #frame=2 behind the path",
    ),
    case(
        "a page beyond the last",
        lambda path: encoded(PAGES[0], "TIFF", save_all=True, append_images=PAGES[1:]),
        "has no frame 3: it holds 3 pages, counted from 0",
        "name one up to #frame=2",
        frame="#frame=3",
    ),
    case(
        "LAB colours",
        lambda path: encoded(Image.new("LAB", (32, 32)), "TIFF"),
        "is in the LAB colour space",
        "save it as RGB",
    ),
    case(
        "a float image of nothing",
        lambda path: encoded(Image.fromarray(np.full((32, 32), np.nan, np.float32)), "TIFF"),
        "holds no finite value",
        "leave it out",
    ),
]

DICOM = [
    case(
        "DICOM: a structured report",
        without_pixels(EnhancedSRStorage),
        "is DICOM without an image: Enhanced SR Storage",
        "leave it out",
    ),
    case(
        "DICOM: a PDF",
        without_pixels(EncapsulatedPDFStorage),
        "is DICOM without an image: Encapsulated PDF Storage",
        "leave it out",
    ),
    case(
        "DICOM: an object of no name", without_pixels(None), "is DICOM without an image", "leave it out"
    ),
    case(
        "DICOM: several frames and none named",
        lambda path: save(dicom(np.stack([gradient()] * 5), NumberOfFrames=5), path) and None,
        "holds 5 frames",
        "name one: #frame=0 to #frame=4 behind the path",
    ),
    case(
        "DICOM: a frame of a single one",
        scan(),
        "has no frame 2: it holds 1 frame, counted from 0",
        "name one up to #frame=0",
        "#frame=2",
    ),
    case("DICOM: cut short", cut, "is a damaged DICOM file", EXPORT),
    case("DICOM: no Rows", scan(Rows=None), "has no usable Rows in its DICOM header", EXPORT),
    case(
        "DICOM: no frames",
        scan(NumberOfFrames=0),
        "has no usable NumberOfFrames in its DICOM header",
        EXPORT,
    ),
    case(
        "DICOM: two billion frames",
        scan(NumberOfFrames=2_000_000_000),
        "is a damaged DICOM file",
        EXPORT,
        "#frame=999999999",
    ),
    case(
        "DICOM: gigantic rows",
        scan(Rows=65_535, Columns=65_535),
        "is 65535 x 65535 pixels, over the limit of 64 megapixels",
        f"make it smaller, or {CUT_OUT}",
    ),
    case(
        "DICOM: twelve bits allocated",
        scan(BitsAllocated=12),
        "has 1 samples of 12 bits a pixel",
        "1 or 3 samples of 1, 8, 16, 32 or 64 bits are read",
    ),
    case(
        "DICOM: a frame without a picture",
        compressed(JPEGLSLossless),
        "holds JPEG-LS Lossless Image Compression that does not unpack to what its header says",
        EXPORT,
    ),
    case(
        "DICOM: a video",
        compressed(MPEG4HP41),
        "is a video (MPEG-4 AVC/H.264 High Profile / Level 4.1)",
        "export the frame you need as PNG",
    ),
    case(
        "DICOM: a private syntax",
        compressed(UID("1.2.3.4.5")),
        "cannot be decoded here: a private transfer syntax",
        "export it again from the archive as Explicit VR Little Endian",
    ),
    case(
        "DICOM: a JPEG larger than its header",
        lambda path: (
            save(
                encapsulated([encoded(Image.new("L", (4000, 4000)), "JPEG")], JPEGBaseline8Bit, 24, 32),
                path,
            )
            and None
        ),
        "holds a picture of 4000 x 4000 pixels, and its header says 32 x 24",
        EXPORT,
    ),
    case(
        "DICOM: an RLE bomb",
        lambda path: save(rle_bomb(24, 32, 2**26), path) and None,
        "holds RLE Lossless that does not unpack to what its header says",
        EXPORT,
    ),
    case(
        "DICOM: a deflate bomb",
        lambda path: deflated(path, bytes(300 * 2**20)) and None,
        "inflates to more than 256 MB",
        "export it again from the archive, not deflated",
    ),
    case(
        "DICOM: nothing behind the preamble",
        lambda path: bytes(128) + b"DICM",
        "is DICOM without an image",
        "leave it out",
    ),
    case(
        "DICOM: random bytes behind the preamble",
        lambda path: bytes(128) + b"DICM" + np.random.default_rng(0).bytes(5000),
        "is DICOM without an image",
        "leave it out",
    ),
]


def volume(path: Path, *shape: int) -> None:
    nib.Nifti1Image(np.zeros(shape, np.uint8), np.eye(4)).to_filename(path.with_suffix(".nii"))
    path.with_suffix(".nii").rename(path)


def parquet(path: Path) -> bytes:
    pq.write_table(pa.table({"image": [encoded(PAGES[0], "PNG")] * 3, "text": ["a"] * 3}), path)
    return path.read_bytes()


REFERENCES = [
    case(
        "a word behind the # that is not known",
        lambda path: encoded(PAGES[0], "PNG"),
        "has a word behind its # that is not known",
        "the words are frame, plane, slice, volume, window, x, y, width, height, level, row, column, item",
        "#silce=3",
    ),
    case(
        "a word behind the # twice",
        lambda path: encoded(PAGES[0], "PNG"),
        "names frame twice",
        "write it once",
        "#frame=0&frame=1",
    ),
    case(
        "a plane of a PNG",
        lambda path: encoded(PAGES[0], "PNG"),
        "is PNG and cannot be asked for plane, slice",
        "it takes frame",
        "#plane=axial&slice=3",
    ),
    case(
        "NIfTI: no slice named",
        lambda path: volume(path, 20, 24, 28),
        "is a volume of 28 axial, 24 coronal, 20 sagittal slices",
        "name one: #plane=axial&slice=14 behind the path",
    ),
    case(
        "NIfTI: a slice beyond the last",
        lambda path: volume(path, 20, 24, 28),
        "has no coronal slice 24: it holds 24, counted from 0",
        "name one up to slice=23",
        "#plane=coronal&slice=24",
    ),
    case(
        "NIfTI: a series and no volume named",
        lambda path: volume(path, 20, 24, 28, 5),
        "holds 5 volumes",
        "name one: &volume=0 to &volume=4 behind the path",
        "#plane=axial&slice=1",
    ),
    case(
        "Parquet: no cell named",
        parquet,
        "is a table, and no cell of it is named",
        "write #row=17&column=image behind the path",
    ),
    case(
        "Parquet: a row beyond the last",
        parquet,
        "has no row 3: it holds 3, counted from 0",
        "",
        "#row=3&column=image",
    ),
    case(
        "Parquet: a column of words",
        parquet,
        "holds no bytes in that column",
        "name the column of the pictures",
        "#row=0&column=text",
    ),
    case(
        "Parquet: torn",
        lambda path: parquet(path)[:-9],
        "is a torn or damaged Parquet file",
        "write it again, or copy it again from where it came",
        "#row=0&column=image",
    ),
    case(
        "a region of what is no slide",
        lambda path: encoded(PAGES[0], "PNG"),
        "is no slide that OpenSlide reads",
        "leave x, y, width, height and level out, or convert it",
        "#x=0&y=0&width=16&height=16",
    ),
]

CASES = [*FILES, *PILLOW, *DICOM, *REFERENCES]
