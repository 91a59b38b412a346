"""A DICOM file de-identified: its header by the profile, burned-in text blanked where it was found.

Ultrasound says in its header where the picture is: everything around it, where machines write names, is blanked
without being read.  This module knows nothing of records.
"""

from __future__ import annotations

import io
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.utils import pack_bits
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
)

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.dicom import read_frame
from medgpt_cli.data.images.dicom_header import DAMAGE
from medgpt_cli.data.privacy.burned_in import Box, blank, outside
from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.header_profile import HeaderProfile
from medgpt_cli.data.privacy.header_signature import sign_pixels
from medgpt_cli.data.privacy.headers import read_dataset
from medgpt_cli.data.privacy.image_copy import strip_jpeg
from medgpt_cli.data.privacy.segments import jpeg_segments

FRAMES = 3
"""Frames of a film that are read for text: the first, the middle and the last; what they bear is blanked in all."""
_JPEG = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1)
_TOLD = frozenset((*range(0xE1, 0xEE), 0xEF, 0xFE))
"""JPEG segments that hold words: all application data but JFIF's and Adobe's, and comments."""
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def kind_of(path: Path) -> str:
    """DICOM's code for what a file shows; `SC` for captures and where its header owns up to burned-in text.

    Raises:
        BadImage: It cannot be read.
    """
    with path.open("rb") as stream:
        dataset = read_dataset(stream, pixels=False)
    capture = str(dataset.get("SOPClassUID", "")).startswith(_SECONDARY_CAPTURE)
    owned = str(dataset.get("BurnedInAnnotation", "")) == "YES"
    return "SC" if capture or owned else str(dataset.get("Modality", ""))


def shown_frames(path: Path) -> list[np.ndarray]:
    """The frames that are read for text, as they are shown: uint8.

    Raises:
        BadImage: They cannot be decoded.
    """
    with path.open("rb") as stream:
        count = _whole(read_dataset(stream, pixels=False).get("NumberOfFrames"))
        wanted = sorted({round(index * (count - 1) / (FRAMES - 1)) for index in range(FRAMES)})
        return [_pixels(read_frame(stream, number)) for number in wanted]


def _whole(value: object) -> int:
    """A count as a header gives it; 1 where it is none."""
    return int(value) if isinstance(value, int) and value > 0 else 1


def _pixels(shown: Any) -> np.ndarray:
    return np.asarray(shown[0] if isinstance(shown, tuple) else shown)


def regions_of(dataset: Dataset) -> list[Box]:
    """Where an ultrasound machine says its pictures are (C.8.5.5); none for other modalities."""
    if str(dataset.get("Modality", "")) not in ("US", "IVUS"):
        return []
    found = []
    for item in dataset.get("SequenceOfUltrasoundRegions") or ():
        edges = [item.get(f"RegionLocation{edge}") for edge in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
        if all(isinstance(edge, int) for edge in edges):
            left, top, right, bottom = edges
            found.append(Box(left, top, right + 1, bottom + 1))
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    return [
        box
        for box in found
        if 0 <= box.left < box.right <= columns and 0 <= box.top < box.bottom <= rows
    ]


def copy_dicom(
    source: Path,
    target: Path,
    profile: HeaderProfile,
    *,
    patient: str = "",
    boxes: Sequence[Box] = (),
    pixels_read: bool = False,
) -> tuple[Counter[Identifier], int]:
    """Writes a de-identified copy.

    Args:
        source: The file.
        target: Where to write; must not exist.
        profile: De-identifies the header.
        patient: What tells patients apart, where the header does not say.
        boxes: Text that was found in the pixels.
        pixels_read: Whether the pixels were looked at at all; only then is option 113101 claimed.

    Returns:
        Header elements changed, by class, and how many rectangles were blanked.

    Raises:
        BadImage: It cannot be read or, where something is to be blanked, not decoded.
    """
    with source.open("rb") as stream:
        dataset = read_dataset(stream, pixels=True)
    filled = list(boxes)
    if pixels_read:
        filled += outside(
            regions_of(dataset), int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
        )
    if filled:
        _blank(dataset, filled)
    else:
        _strip_frames(dataset)
    counts = profile.apply(dataset, patient=patient)
    if filled:
        sign_pixels(dataset)
    written = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset.save_as(written, enforce_file_format=True)
    except DAMAGE:  # its words may quote header values
        raise BadImage("cannot be written as DICOM", repair="export it again from the archive") from None
    with target.open("xb") as out:
        out.write(written.getvalue())
    return counts, len(filled)


def _strip_frames(dataset: Dataset) -> None:
    """Drops what compressed frames carry beside their pixels: a camera's EXIF, comments."""
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax not in _JPEG or "PixelData" not in dataset:
        return
    try:
        count = _whole(dataset.get("NumberOfFrames"))
        frames = list(generate_frames(dataset.PixelData, number_of_frames=count))
        stripped = []
        for frame in frames:
            out = io.BytesIO()
            strip_jpeg(io.BytesIO(frame), out)
            stripped.append(out.getvalue())
    except (BadImage, ValueError):
        raise BadImage("holds a compressed frame that is damaged", repair="export it again") from None
    if any(marker in _TOLD for frame in frames for marker, _ in jpeg_segments(io.BytesIO(frame))):
        dataset.PixelData = encapsulate(stripped)


def _blank(dataset: Dataset, boxes: Sequence[Box]) -> None:
    """Fills boxes in every frame; compressed pixels become plain ones."""
    if not dataset.file_meta.TransferSyntaxUID.is_little_endian:
        raise BadImage(
            "bears text and is big endian, which is not written", repair="export it again, little endian"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if dataset.file_meta.TransferSyntaxUID.is_compressed:
                dataset.decompress(as_rgb=True, generate_instance_uid=False)
            pixels = np.array(dataset.pixel_array)
    except DAMAGE:
        raise BadImage(
            "bears text and cannot be decoded to blank it", repair="export it again, uncompressed"
        ) from None
    dark = pixels.max() if dataset.get("PhotometricInterpretation") == "MONOCHROME1" else pixels.min()
    blank(pixels, boxes, dark)
    if dataset.SamplesPerPixel == 3 and dataset.get("PlanarConfiguration") == 1:
        dataset.PlanarConfiguration = 0
    if dataset.get("PhotometricInterpretation") in ("YBR_FULL_422", "YBR_FULL"):
        dataset.PhotometricInterpretation = "RGB"
    data = pack_bits(pixels) if dataset.BitsAllocated == 1 else pixels.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated <= 8 else "OW"
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
