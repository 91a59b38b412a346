"""Encoded records held tightly: four bytes a token and a label, whatever the number of records.

A Python list of numbers takes ten times as much, which a million records cannot afford.  This module knows nothing of
tokenizers or of how a record came about.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import overload

from medgpt_cli.data.dialogue import IGNORED, Encoded


class EncodedRows(Sequence[Encoded]):
    """Encoded records by position; a record is taken out of the store when it is asked for.

    Args:
        records: Read once, in order.
    """

    def __init__(self, records: Iterable[Encoded] = ()) -> None:
        self._ids, self._labels = array("i"), array("i")
        self._ends = array("q", [0])
        self._images: list[tuple[str, ...]] = []
        self._tiles: list[tuple[int, ...]] = []
        alike: dict[tuple[int, ...], tuple[int, ...]] = {}
        for record in records:
            self._ids.extend(record.input_ids)
            self._labels.extend(record.labels)
            self._ends.append(len(self._ids))
            self._images.append(record.images)
            self._tiles.append(alike.setdefault(record.tiles, record.tiles))

    def __len__(self) -> int:
        return len(self._images)

    @overload
    def __getitem__(self, index: int) -> Encoded: ...

    @overload
    def __getitem__(self, index: slice) -> list[Encoded]: ...

    def __getitem__(self, index: int | slice) -> Encoded | list[Encoded]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]  # from the end, or an IndexError, as a list has it
        here = slice(self._ends[number], self._ends[number + 1])
        return Encoded(
            self._ids[here].tolist(),
            self._labels[here].tolist(),
            self._images[number],
            self._tiles[number],
        )

    @property
    def lengths(self) -> list[int]:
        """Tokens of each record, image tokens included."""
        return [end - start for start, end in pairwise(self._ends)]

    @property
    def images(self) -> list[int]:
        """Images of each record as the tower sees them, each tile of a picture one."""
        return [
            sum(tiles) or len(images) for images, tiles in zip(self._images, self._tiles, strict=True)
        ]

    @property
    def pictures(self) -> int:
        """Pictures that all records show, in however many tiles."""
        return sum(map(len, self._images))

    @property
    def learnt(self) -> int:
        """Tokens of all records that the model must learn to write."""
        return len(self._labels) - self._labels.count(IGNORED)
