"""Image files made in code for the tests: PNG of 16 bits, bombs, and DICOM of every kind that matters."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)


def gradient(rows: int = 24, columns: int = 32, dtype: Any = np.uint8, top: int = 255) -> np.ndarray:
    """(rows, columns), every value from 0 to `top` along the diagonal."""
    ramp = np.add.outer(np.arange(rows), np.arange(columns)) / (rows + columns - 2)
    return np.rint(ramp * top).astype(dtype)


def noise(rows: int = 64, columns: int = 64) -> Image.Image:
    """A picture that does not compress, so that cutting the file cuts pixels."""
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (rows, columns, 3), np.uint8))


def png_header(width: int, height: int, data: bytes = b"") -> bytes:
    """A grey PNG that claims a size and may hold less."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


def dicom(
    pixels: np.ndarray | None = None, syntax: UID = ExplicitVRLittleEndian, **tags: Any
) -> Dataset:
    """A data set that shows `pixels`: (rows, columns), (frames, rows, columns) with NumberOfFrames, or colour."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["medgpt"])
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.PatientName = "Doe^Jane"
    if pixels is not None:
        colour = pixels.ndim == 3 and "NumberOfFrames" not in tags
        dataset.Rows, dataset.Columns = pixels.shape[-3:-1] if colour else pixels.shape[-2:]
        dataset.SamplesPerPixel = 3 if colour else 1
        dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
        if colour:
            dataset.PlanarConfiguration = 0
        dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
        dataset.HighBit = dataset.BitsStored - 1
        dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
        little = syntax != ExplicitVRBigEndian
        dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder("<" if little else ">")).tobytes()
        dataset["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dataset


def save(dataset: Dataset, path: Path) -> Path:
    """Writes a data set as a DICOM file."""
    private = dataset.file_meta.TransferSyntaxUID.is_private
    encoding = {"implicit_vr": False, "little_endian": True} if private else {}
    dataset.save_as(path, enforce_file_format=True, **encoding)
    return path


def encapsulated(frames: list[bytes], syntax: UID, rows: int, columns: int, **tags: Any) -> Dataset:
    """A compressed data set around frames that may be anything."""
    dataset = dicom(np.zeros((rows, columns), np.uint8), syntax, **tags)
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].VR = "OB"
    return dataset


def rle_bomb(rows: int, columns: int, unpacked: int) -> Dataset:
    """RLE whose one segment unpacks to `unpacked` bytes, whatever the header says."""
    frame = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\x00" * (unpacked // 128)
    return encapsulated([frame], RLELossless, rows, columns)


def deflated(path: Path, body: bytes) -> Path:
    """A deflated DICOM file around any body."""
    dataset = dicom(np.zeros((16, 16), np.uint8))
    save(dataset, path)
    meta = path.read_bytes()
    start = meta.index(b"\x08\x00\x16\x00")  # the first element behind the file meta group
    head = meta[:start].replace(
        b"UI\x14\x001.2.840.10008.1.2.1\x00", b"UI\x16\x001.2.840.10008.1.2.1.99"
    )
    length = struct.unpack_from("<I", head, 140)[0]
    head = head[:140] + struct.pack("<I", length + 2) + head[144:]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    path.write_bytes(head + packer.compress(body) + packer.flush())
    return path
