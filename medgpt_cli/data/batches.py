"""Encoded records as a map-style dataset, and the closed documents in one row that a training step takes.

Pictures are opened, cut into squares and normalised when a record is asked for, and never kept.  Position in the data
is an integer, so a resumed run continues where it stopped.  This module knows nothing of models.

Shapes: B records, S tokens of all of them, N squares of all their pictures, H = W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import torch
from torch.utils.data import Dataset

from medgpt_cli.data.dialogue import IGNORED, Encoded


class Pixels:
    """Image paths to a tower's input.

    Args:
        image_processor: The checkpoint's stock image processor.
        cut: A path to the square pictures that are shown of it; `data.images.tiling` has it.
    """

    def __init__(self, image_processor: Any, cut: Callable[[str], Sequence[Any]]) -> None:
        self._processor = image_processor
        self._cut = cut

    def __call__(self, paths: Sequence[str]) -> torch.Tensor:
        """Normalised squares, picture after picture, (N, 3, H, W) in float32."""
        squares = [square for path in paths for square in self._cut(path)]
        values: torch.Tensor = self._processor(squares, return_tensors="pt")["pixel_values"]
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

    def __getitem__(self, index: int | tuple[int, ...]) -> Any:
        """A record by its number, or the records of a row by theirs."""
        if isinstance(index, tuple):
            return [self[number] for number in index]
        record = self.records[index]
        item: dict[str, Any] = {
            "input_ids": record.input_ids,
            "labels": record.labels,
            "pixel_values": self._pixels(record.images) if record.images else None,
        }
        if self._source_of is not None:
            item["source"] = self._source_of(index)
        return item


def collate(items: Sequence[Any]) -> dict[str, torch.Tensor]:
    """Records one behind the other in a single row, each a closed document; nothing is padded.

    Args:
        items: Records, or rows of records.

    Returns:
        `input_ids`, `labels` and `position_ids` (1, S), positions beginning anew with each record, and the first
        label of each ignored, since no token of its own stands before it; `cu_seq_lens_q` (B + 1), where records
        begin, and the end; `pixel_values` (N, 3, H, W) if any record has images; `sources` (B) if they name theirs.
    """
    records = [record for item in items for record in (item if isinstance(item, list) else [item])]
    lengths = [len(record["input_ids"]) for record in records]
    bounds = [0, *accumulate(lengths)]
    labels = torch.tensor([label for record in records for label in record["labels"]])
    labels[bounds[:-1]] = IGNORED
    batch = {
        "input_ids": torch.tensor([[token for record in records for token in record["input_ids"]]]),
        "labels": labels[None],
        "position_ids": torch.cat([torch.arange(length) for length in lengths])[None],
        "cu_seq_lens_q": torch.tensor(bounds, dtype=torch.int32),
    }
    pictures = [record["pixel_values"] for record in records if record["pixel_values"] is not None]
    if pictures:
        batch["pixel_values"] = torch.cat(pictures)
    if "source" in records[0]:
        batch["sources"] = torch.tensor([record["source"] for record in records])
    return batch
