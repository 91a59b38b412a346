"""Encoded records as a map-style dataset, and the padded batch a training step takes.

Pictures are opened, letterboxed and normalised when a record is asked for, and never kept.  Position in the data is
an integer, so a resumed run continues where it stopped.  This module knows nothing of models.

Shapes: B records, S tokens of the longest record, N images of the whole batch, H = W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils.data import Dataset

from medgpt_cli.data.dialogue import IGNORED, Encoded

OpenImage = Callable[[str], Any]


class Pixels:
    """Image paths to a tower's input.

    Args:
        image_processor: The checkpoint's stock image processor.
        open_image: A path to an RGB picture.
        letterbox: A picture and a size in pixels to a square picture of that size.
    """

    def __init__(
        self, image_processor: Any, open_image: OpenImage, letterbox: Callable[[Any, int], Any]
    ) -> None:
        self._processor = image_processor
        self._open = open_image
        self._letterbox = letterbox
        self._size: int = image_processor.size["height"]

    def __call__(self, paths: Sequence[str]) -> torch.Tensor:
        """Normalised pictures, (N, 3, H, W) in float32."""
        pictures = [self._letterbox(self._open(path), self._size) for path in paths]
        values: torch.Tensor = self._processor(pictures, return_tensors="pt")["pixel_values"]
        return values


class EncodedDataset(Dataset[dict[str, Any]]):
    """Encoded records by position.

    Args:
        records: What `DialogueEncoder.encode` returned.
        pixels: Opens the pictures of one record.
        source_of: From a record's number to that of its source, where the loss of each is to be told.
    """

    def __init__(
        self,
        records: Sequence[Encoded],
        pixels: Pixels,
        source_of: Callable[[int], int] | None = None,
    ) -> None:
        self.records = records
        self._pixels = pixels
        self._source_of = source_of

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> dict[str, Any]:
        record = self.records[index]
        item: dict[str, Any] = {
            "input_ids": record.input_ids,
            "labels": record.labels,
            "pixel_values": self._pixels(record.images) if record.images else None,
        }
        if self._source_of is not None:
            item["source"] = self._source_of(index)
        return item


def collate(items: Sequence[dict[str, Any]], *, pad_id: int) -> dict[str, torch.Tensor]:
    """Pads records on the right to one batch.

    Returns:
        `input_ids`, `attention_mask` and `labels` (B, S); `pixel_values` (N, 3, H, W) if any record has images;
        `sources` (B) if the records name theirs.
    """
    length = max(len(item["input_ids"]) for item in items)
    shape = (len(items), length)
    ids = torch.full(shape, pad_id, dtype=torch.long)
    labels = torch.full(shape, IGNORED, dtype=torch.long)
    mask = torch.zeros(shape, dtype=torch.long)
    for row, item in enumerate(items):
        size = len(item["input_ids"])
        ids[row, :size] = torch.tensor(item["input_ids"])
        labels[row, :size] = torch.tensor(item["labels"])
        mask[row, :size] = 1
    batch = {"input_ids": ids, "attention_mask": mask, "labels": labels}
    pictures = [item["pixel_values"] for item in items if item["pixel_values"] is not None]
    if pictures:
        batch["pixel_values"] = torch.cat(pictures)
    if "source" in items[0]:
        batch["sources"] = torch.tensor([item["source"] for item in items])
    return batch
