"""Bytes that somebody sent, as a picture: what a server may open, and what its page says of it.

Fewer formats than from disk, and never by a path: a sender names no file here.  Nothing is kept.  This module knows
nothing of the network.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.dicom import read_frame
from medgpt_cli.data.images.dicom_facts import dicom_facts
from medgpt_cli.data.images.dicom_grey import of_frame, window_of
from medgpt_cli.data.images.dicom_header import read_header
from medgpt_cli.data.images.formats import HEAD, format_of
from medgpt_cli.data.images.rasters import raster, rgb

KINDS = ("PNG", "JPEG", "WEBP", "DICOM")
"""What is opened."""


@dataclass(frozen=True, slots=True)
class Received:
    """A picture that was sent.

    Attributes:
        image: RGB, 8 bits, upright.
        kind: One of `KINDS`.
        frames: How many the file holds.
        window: (centre, width) the file asks for, in its own units; None where it asks for none.
        grey: Whether a window can be asked for.
        modality: DICOM's term, such as CT; empty where it is not known.
    """

    image: Image.Image
    kind: str
    frames: int = 1
    window: tuple[float, float] | None = None
    grey: bool = False
    modality: str = ""


def open_received(
    data: bytes, frame: int | None = None, window: tuple[float, float] | None = None
) -> Received:
    """Decodes what was sent.

    Args:
        data: A whole file.
        frame: Which of several, from 0.
        window: (centre, width) to show instead of what the file asks for; grey DICOM only.

    Raises:
        BadImage: Another format, too large, damaged, several frames and none named.
    """
    kind = format_of(data[:HEAD])
    if kind not in KINDS:
        raise BadImage(f"is {kind}", repair=f"send {', '.join(KINDS)}")
    if window and kind != "DICOM":
        raise BadImage(f"is {kind} and cannot be windowed", repair="send the DICOM file")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.|pydicom\.|medgpt_cli\.data\.images\.")
        if kind == "DICOM":
            return _dicom(data, frame, window)
        with raster(io.BytesIO(data), kind, frame) as picture:
            return Received(rgb(picture), kind)


def _dicom(data: bytes, frame: int | None, window: tuple[float, float] | None) -> Received:
    pixels, _ = read_frame(io.BytesIO(data), frame, window)
    header = read_header(io.BytesIO(data))
    grey = pixels.ndim == 2 and header.tags.get("PhotometricInterpretation") != "PALETTE COLOR"
    own = window_of(of_frame(header.tags, frame or 0)) if grey else None
    return Received(
        image=Image.fromarray(pixels).convert("RGB"),
        kind="DICOM",
        frames=header.frames,
        window=own[:2] if own else None,
        grey=grey,
        modality=dict(dicom_facts(io.BytesIO(data))).get("modality", ""),
    )
