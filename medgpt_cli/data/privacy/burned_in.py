"""Text burned into pixels, found by optical character recognition and blanked: a lower bound, never a proof.

Two passes look at a picture: as it is shown, and with its local contrast raised, since pale text on a pale ground is
missed by the first.  Faint, tiny, rotated and handwritten text is missed by both.  Markers that films legitimately
bear (L, R, AP, PORTABLE, a time of day) are left alone.  The models come inside the package `rapidocr`; nothing is
downloaded.  This module knows nothing of files or headers.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from medgpt_cli.core.errors import Missing

LOWER_BOUND = (
    "text recognition gives a lower bound: faint, tiny, rotated and handwritten text is missed, "
    "so a person must look"
)
ALWAYS = frozenset({"US", "IVUS", "SC", "XA", "RF", "OT", "ES", "XC", "DOC", "PX", "SR"})
"""Modalities whose pictures often bear text: every one is read."""
SHARE = 0.02
"""Part of the other pictures that is read; all of a modality as soon as one of them bears text."""
TILE = 1600
"""Longest side in pixels that is read in one piece; larger pictures are read in tiles."""
OVERLAP = 160
SURE = 0.5
"""Confidence of the recogniser under which a box is taken for noise."""

_MARKERS = frozenset({
    "l", "r", "lt", "rt", "left", "right", "ap", "pa", "lat", "lateral", "portable", "port", "mobile", "supine",
    "erect", "upright", "sitting", "semi", "semierect", "standing", "prone", "decub", "decubitus", "obl", "oblique",
    "insp", "exp", "inspiration", "expiration", "axial", "chest", "cxr", "view", "h", "f", "a", "p", "s", "i", "hf",
    "rl", "lr", "fr", "hl", "cm", "mm", "kv", "kvp", "ma", "mas", "khz", "mhz", "hz", "db", "fps", "bpm", "mi",
    "tis",
})  # fmt: skip
_TIME = re.compile(r"(?i)\d{1,2}[:.]\d{2}(?:[:.]\d{2})?\s?(?:am|pm|h|hrs)?")
_TOKEN = re.compile(r"[^\W_]+")


class Box(NamedTuple):
    """A rectangle in pixels, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int


@cache
def _engine() -> Callable[[np.ndarray], Any]:
    try:
        from rapidocr import RapidOCR
    except ImportError:
        raise Missing(
            "looking for burned-in text needs the extra [ocr]",
            repair="pip install 'medgpt[ocr]'; or leave the pixels unread with --ocr off, which the manifest then says",
        ) from None
    threads = int(os.environ.get("OMP_NUM_THREADS", "0")) or -1
    engine: Callable[[np.ndarray], Any] = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
        }
    )
    return engine


def text_boxes(picture: np.ndarray) -> list[Box]:
    """Where a picture bears text that is no marker.

    Args:
        picture: (rows, columns) or (rows, columns, 3), uint8, as it is shown.

    Returns:
        Boxes a little larger than the text; none proves nothing.

    Raises:
        Missing: The extra `[ocr]` is not installed.
    """
    rows, columns = picture.shape[:2]
    boxes: list[Box] = []
    for seen in (picture, raised_contrast(picture)):
        for top in _starts(rows):
            for left in _starts(columns):
                tile = seen[top : top + TILE, left : left + TILE]
                for box in _read(tile):
                    boxes.append(
                        _grown(
                            Box(box.left + left, box.top + top, box.right + left, box.bottom + top),
                            rows,
                            columns,
                        )
                    )
    return merged(boxes)


def raised_contrast(picture: np.ndarray) -> np.ndarray:
    """A difference of Gaussians, stretched: text a few grey values off its ground becomes legible."""
    grey = picture.astype(np.float32)
    grey = grey.mean(axis=2) if grey.ndim == 3 else grey
    fine = grey - gaussian_filter(grey, 12)
    limit = max(float(np.percentile(np.abs(fine), 99.8)), 1.0)
    shown: np.ndarray = np.clip(127.5 + fine * (127.5 / limit), 0, 255).astype(np.uint8)
    return shown


def _starts(length: int) -> list[int]:
    if length <= TILE:
        return [0]
    count = math.ceil((length - OVERLAP) / (TILE - OVERLAP))
    return [round(index * (length - TILE) / (count - 1)) for index in range(count)]


def _read(tile: np.ndarray) -> Iterable[Box]:
    colour = tile if tile.ndim == 3 else np.repeat(tile[..., None], 3, axis=2)
    read = _engine()(np.ascontiguousarray(colour))
    if read.boxes is None:
        return
    for corners, text, score in zip(read.boxes, read.txts, read.scores, strict=True):
        if score >= SURE and not is_marker(text):
            left, top = np.floor(corners.min(axis=0))
            right, bottom = np.ceil(corners.max(axis=0))
            yield Box(int(left), int(top), int(right), int(bottom))


def is_marker(text: str) -> bool:
    """Whether recognised text is a marker that films bear, a time of day, or a single sign."""
    rest = _TIME.sub(" ", text)
    tokens = _TOKEN.findall(rest)
    if sum(map(len, tokens)) <= 1:
        return True
    return all(token.casefold() in _MARKERS for token in tokens)


def _grown(box: Box, rows: int, columns: int) -> Box:
    edge = 3 + (box.bottom - box.top) // 5
    return Box(
        max(0, box.left - edge),
        max(0, box.top - edge),
        min(columns, box.right + edge),
        min(rows, box.bottom + edge),
    )


def merged(boxes: Sequence[Box]) -> list[Box]:
    """The same boxes, those that lie inside another left out."""
    kept: list[Box] = []
    for box in sorted(set(boxes), key=lambda each: (each.left - each.right) * (each.bottom - each.top)):
        inside = any(
            other.left <= box.left
            and other.top <= box.top
            and box.right <= other.right
            and box.bottom <= other.bottom
            for other in kept
        )
        if not inside:
            kept.append(box)
    return sorted(kept)


def blank(pixels: np.ndarray, boxes: Iterable[Box], value: Any = 0) -> None:
    """Fills boxes of (…, rows, columns) or (…, rows, columns, 3) pixels in place.

    Args:
        pixels: One frame or several; the same boxes in each.
        boxes: What is filled.
        value: With what.
    """
    colour = pixels.ndim > 2 and pixels.shape[-1] == 3
    for box in boxes:
        across = (Ellipsis, slice(box.top, box.bottom), slice(box.left, box.right))
        pixels[(*across, slice(None)) if colour else across] = value


def outside(regions: Sequence[Box], rows: int, columns: int) -> list[Box]:
    """The rectangles above, below, left and right of the smallest rectangle around all regions."""
    if not regions:
        return []
    left, top = min(box.left for box in regions), min(box.top for box in regions)
    right, bottom = max(box.right for box in regions), max(box.bottom for box in regions)
    around = (
        Box(0, 0, columns, top),
        Box(0, bottom, columns, rows),
        Box(0, top, left, bottom),
        Box(right, top, columns, bottom),
    )
    return [box for box in around if box.right > box.left and box.bottom > box.top]
