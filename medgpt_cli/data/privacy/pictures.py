"""The images of a de-identified copy: each read for burned-in text as the policy says, rewritten, and read again.

File names hold patients' names, so every image gets a new one, the same for the same image.  This module knows
nothing of records.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import ImageOps

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.formats import HEAD, format_of
from medgpt_cli.data.images.rasters import KINDS, raster
from medgpt_cli.data.privacy.burned_in import Box, merged, text_boxes
from medgpt_cli.data.privacy.dicom_copy import copy_dicom, kind_of, shown_frames
from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.header_profile import HeaderProfile
from medgpt_cli.data.privacy.headers import find_header
from medgpt_cli.data.privacy.image_copy import copy_image
from medgpt_cli.data.privacy.ocr_policy import OcrMode, to_read
from medgpt_cli.data.privacy.replacing import Find
from medgpt_cli.data.privacy.surrogates import Surrogates

SUFFIXES = {
    "DICOM": ".dcm", "PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif", "WEBP": ".webp", "GIF": ".gif", "BMP": ".bmp",
    "NIFTI": ".nii",
}  # fmt: skip
ROUNDS = 3
"""Times a blanked picture is read again before it is given up."""
_WORDS = (("ultraso", "US"), ("echo", "US"), ("fluoro", "RF"), ("angio", "XA"), ("endosc", "ES"))
"""What data sets call a modality, and DICOM's code for it."""


@dataclass
class Picture:
    """One image file of the source.

    Attributes:
        path: Where it lies.
        name: Its new name.
        kind: As `format_of` calls it.
        modality: DICOM's code, or empty.
        patient: What tells patients apart, where the header does not say.
        boxes: Text found in its pixels, or None where they were not read.
    """

    path: Path
    name: str
    kind: str
    modality: str
    patient: str
    boxes: list[Box] | None = None


@dataclass
class Written:
    """What happened to the images.

    Attributes:
        counts: Header elements changed, by class.
        read: Pictures read for burned-in text.
        with_text: Those that bore some.
        blanked: Rectangles filled.
    """

    counts: Counter[Identifier] = field(default_factory=Counter)
    read: int = 0
    with_text: int = 0
    blanked: int = 0


class Pictures:
    """All images of a source.

    Args:
        surrogates: Draws the new names.
        profile: De-identifies DICOM headers.
        find: Finds identifiers in a text.
        root: The folder that new names are drawn relative to.
    """

    def __init__(self, surrogates: Surrogates, profile: HeaderProfile, find: Find, root: Path) -> None:
        self._surrogates, self._profile, self._find = surrogates, profile, find
        self._root = root
        self.all: dict[str, Picture] = {}

    def add(self, path: str, *, patient: str = "", modality: str = "") -> Picture:
        """Takes an image in, once.

        Args:
            path: Absolute, without a fragment.
            patient: What tells patients apart, where the header does not say.
            modality: What a record says of it.

        Raises:
            BadImage: It is no image that can be rewritten.
        """
        if path not in self.all:
            file = Path(path)
            try:
                with file.open("rb") as stream:
                    head = stream.read(HEAD)
            except OSError:
                raise BadImage("cannot be read") from None
            kind = format_of(head)
            if kind not in SUFFIXES:
                raise BadImage(f"is {kind}, whose pictures are not rewritten", repair="save it as PNG")
            packed = ".gz" if kind == "NIFTI" and head.startswith(b"\x1f\x8b") else ""
            self.all[path] = Picture(
                file,
                f"{self._surrogates.token('image', os.path.relpath(path, self._root))}{SUFFIXES[kind]}{packed}",
                kind,
                kind_of(file) if kind == "DICOM" else code_of(modality),
                patient,
            )
        return self.all[path]

    def read_pixels(self, mode: OcrMode, progress: Callable[[], None]) -> list[tuple[Picture, BadImage]]:
        """Looks for burned-in text.

        Returns:
            Pictures that could not be decoded, and why.
        """
        bad: list[tuple[Picture, BadImage]] = []

        def bears_text(path: str) -> bool:
            picture = self.all[path]
            if picture.boxes is None:
                try:
                    picture.boxes = merged(
                        [box for each in frames_of(picture) for box in text_boxes(each)]
                    )
                except BadImage as error:
                    picture.boxes = []
                    bad.append((picture, error))
                progress()
            return bool(picture.boxes)

        modalities = {path: each.modality for path, each in self.all.items() if each.kind != "NIFTI"}
        chosen = to_read(modalities, mode, order=lambda path: self.all[path].name, bears_text=bears_text)
        for path in sorted(chosen):
            bears_text(path)
        return bad

    def write(self, picture: Picture, folder: Path, tally: Written) -> None:
        """Writes one picture and reads what was written.

        Args:
            picture: One of `all`.
            folder: Where to.
            tally: What happened is added to it.

        Raises:
            BadImage: It cannot be rewritten, or text stays legible.
        """
        target = folder / picture.name
        boxes = list(picture.boxes or ())
        for _ in range(ROUNDS):
            counts, blanked = self._written(picture, target, boxes)
            left = self._legible(picture, target) if boxes else []
            if not left:
                break
            target.unlink()
            boxes = merged([*boxes, *left])
        else:
            raise BadImage("still bears text after it was blanked", repair="leave it out, or look at it")
        tally.counts += counts
        tally.read += picture.boxes is not None
        tally.with_text += bool(boxes)
        tally.blanked += blanked

    def identifiers_in(self, file: Path) -> list[tuple[str, Identifier]]:
        """What is still found with certainty beside the pixels of a written image, as (element, class)."""
        return [(found.tag, found.identifier) for found in find_header(file, self._find) if found.sure]

    def _written(
        self, picture: Picture, target: Path, boxes: list[Box]
    ) -> tuple[Counter[Identifier], int]:
        if picture.kind == "DICOM":
            return copy_dicom(
                picture.path,
                target,
                self._profile,
                patient=picture.patient,
                boxes=boxes,
                pixels_read=picture.boxes is not None,
            )
        with picture.path.open("rb") as stream:
            copy_image(stream, picture.kind, target, boxes)
        return Counter(), len(boxes)

    def _legible(self, picture: Picture, target: Path) -> list[Box]:
        written = Picture(target, target.name, picture.kind, picture.modality, picture.patient)
        return merged([box for each in frames_of(written) for box in text_boxes(each)])


def frames_of(picture: Picture) -> list[np.ndarray]:
    """What is read of a picture for text: uint8, upright.

    Raises:
        BadImage: It cannot be decoded.
    """
    if picture.kind == "DICOM":
        return shown_frames(picture.path)
    if picture.kind not in KINDS:
        return []
    with picture.path.open("rb") as stream, raster(stream, picture.kind, 0) as image:
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("I", "F") or upright.mode.startswith("I;16"):
            values = np.asarray(upright).astype(np.float32)
            low, high = float(values.min()), float(values.max())
            return [((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)]
        return [np.asarray(upright.convert("RGB"))]


def code_of(modality: str) -> str:
    """DICOM's code for what a record calls a modality; itself where it may be one."""
    plain = modality.casefold()
    return next((code for word, code in _WORDS if word in plain), modality.upper())
