"""Classification sets as MedMNIST publishes them: one `.npz` with pictures and labels of each split.

`train_images` (N, H, W) or (N, H, W, 3) in 8 bits and `train_labels` (N,) or (N, 1), and the same for `val` and
`test` (Yang et al. 2023, Scientific Data 10:41).  Nothing pickled is read.  Volumes and several labels for one picture
are refused: they are other tasks.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medgpt_cli.core.errors import BadRecord, Complaint
from medgpt_cli.data.classification.sets import SPLITS, Example

Array = NDArray[np.generic]
Read = tuple[tuple[str, ...], list[Example], Callable[[Example], Image.Image]]
"""Labels, examples, and how a picture is opened."""


def read_archive(path: Path) -> Read:
    """Reads an archive; its pictures stay in memory as they are.

    Args:
        path: The `.npz` file.

    Raises:
        BadRecord: It is damaged, or holds something else; everything wrong is told.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {
                f"{split}_{what}": archive[f"{split}_{what}"]
                for split in SPLITS
                for what in ("images", "labels")
                if f"{split}_{what}" in archive.files
            }
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, TypeError, AttributeError) as error:
        raise BadRecord(
            "cannot be read as arrays of numbers",
            where=path.name,
            repair="copy it again from where it came",
        ) from error
    if complaints := _complaints(arrays, path.name):
        raise BadRecord(
            "is no classification set",
            where=path.name,
            complaints=complaints,
            repair="train_images, train_labels, val_images … as MedMNIST has them",
        )
    splits = [split for split in SPLITS if f"{split}_images" in arrays]
    pictures: list[Array] = [picture for split in splits for picture in arrays[f"{split}_images"]]
    numbers = {split: arrays[f"{split}_labels"].reshape(-1) for split in splits}
    classes = sorted({int(number) for found in numbers.values() for number in found})
    examples: list[Example] = []
    for split in splits:
        for row, number in enumerate(numbers[split]):
            at = len(examples)
            data = np.ascontiguousarray(pictures[at]).tobytes()
            examples.append(
                Example(
                    place=f"{path.name} {split}_images[{row}]",
                    source=at,
                    label=classes.index(int(number)),
                    digest=hashlib.sha256(data).hexdigest(),
                    split=split if len(splits) > 1 else "",
                )
            )
    return tuple(map(str, classes)), examples, lambda example: _picture(pictures[int(example.source)])


def _picture(pixels: Array) -> Image.Image:
    return Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels).convert("RGB")


def _complaints(arrays: dict[str, Array], name: str) -> list[Complaint]:
    found = []
    if "train_images" not in arrays:
        found.append(Complaint("is missing", f"{name} train_images"))
    for split in SPLITS:
        images, labels = arrays.get(f"{split}_images"), arrays.get(f"{split}_labels")
        if images is not None and (what := _images_fault(images)):
            found.append(Complaint(what, f"{name} {split}_images"))
        if (images is None) != (labels is None):
            found.append(Complaint("has pictures or labels without the other", f"{name} {split}"))
        elif images is not None and labels is not None and (what := _labels_fault(labels, len(images))):
            found.append(Complaint(what, f"{name} {split}_labels"))
    return found


def _images_fault(images: Array) -> str:
    if images.ndim == 4 and images.shape[3] not in (1, 3):
        return "holds volumes, and pictures are read here"
    if images.ndim not in (3, 4) or 0 in images.shape[1:]:
        return "is no list of pictures"
    return "" if images.dtype == np.uint8 else "has pixels of more than 8 bits, or no whole numbers"


def _labels_fault(labels: Array, pictures: int) -> str:
    if labels.ndim == 2 and labels.shape[1] > 1:
        return "has several labels for each picture, which is another task"
    if labels.ndim not in (1, 2) or not np.issubdtype(labels.dtype, np.integer):
        return "is no list of whole numbers"
    return "" if len(labels) == pictures else f"has {len(labels)} labels for {pictures} pictures"
