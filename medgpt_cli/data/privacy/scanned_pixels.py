"""Text burned into the pixels of images met by a scan: how many pictures bear some, and which.

What the text says is not read out, so its class stays open and every finding is doubtful.  This module knows nothing
of records or reports.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from medgpt_cli.core.errors import BadImage, Complaint
from medgpt_cli.data.images.formats import HEAD, format_of
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.privacy.burned_in import text_boxes
from medgpt_cli.data.privacy.dicom_copy import kind_of, shown_frames
from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.ocr_policy import OcrMode, to_read
from medgpt_cli.data.privacy.scanning import Scanner, Seen

RULE = "legible text in the picture"


def scan_pixels(scanner: Scanner, mode: OcrMode) -> int:
    """Looks for burned-in text in the images a scanner met.

    Returns:
        How many pictures were read.

    Raises:
        Missing: Pictures are to be read and the extra `[ocr]` is not installed.
    """
    if mode is OcrMode.OFF:
        return 0
    boxes: dict[str, int] = {}

    def bears_text(reference: str) -> bool:
        if reference not in boxes:
            try:
                boxes[reference] = sum(len(text_boxes(frame)) for frame in _frames(reference))
            except BadImage as error:
                boxes[reference] = 0
                scanner.complaints.append(Complaint(error.what, scanner.images[reference], error.repair))
        return boxes[reference] > 0

    modalities = {reference: _modality(reference) for reference in scanner.images}
    chosen = to_read(modalities, mode, order=_order, bears_text=bears_text)
    for reference in sorted(chosen, key=list(modalities).index):
        if bears_text(reference):
            scanner.add(Seen(f"{scanner.images[reference]} pixels", Identifier.OTHER, RULE, sure=False))
    return len(boxes)


def _order(reference: str) -> str:
    return hashlib.sha256(reference.encode("utf-8", "surrogateescape")).hexdigest()


def _modality(reference: str) -> str:
    path = Path(reference.split("#")[0])
    try:
        with path.open("rb") as stream:
            return kind_of(path) if format_of(stream.read(HEAD)) == "DICOM" else ""
    except (OSError, BadImage):
        return ""


def _frames(reference: str) -> list[np.ndarray]:
    path, _, fragment = reference.partition("#")
    if not fragment and _modality(reference):
        return shown_frames(Path(path))
    return [np.asarray(open_image(reference))]
