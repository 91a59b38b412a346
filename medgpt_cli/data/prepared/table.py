"""All parts as a few columns of numbers: what the division of the whole is decided on, without any text.

Some 60 bytes a row and 40 an image, and 150 more a row while texts are compared; texts, names and pictures stay on
the disk.  This module decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from medgpt_cli.core.types import Element, Place
from medgpt_cli.data.duplicates.groups import Grouped, Groups
from medgpt_cli.data.duplicates.pictures import BYTES, Prints
from medgpt_cli.data.duplicates.texts import MINIMA, Signatures
from medgpt_cli.data.duplicates.unions import Ints

BATCH = 4096
"""Rows of a part held at a time."""


@dataclass(frozen=True)
class Table:
    """The rows of all parts, in order.

    Attributes:
        files: The names of record files.
        file: Index into `files`.
        line: In that file.
        element: Which record of an array begins there, where several do; else -1.
        published: The split it was published in, or an empty string.
        sure: Classes of identifiers found with high confidence, as bits (`screening.CLASSES`).
        doubtful: Classes of the other findings.
        characters: Of its texts.
        leaked: Whether an evaluation set holds it.
        fit: How well its text fits its pictures, as `filters.mismatch` takes it.
        image_row: The row each image belongs to.
        phash: (images, 32).
        flat: Whether the image shows nothing.
        lopsided: How far the image is from its own mirror image, as `ImagePrint` has it.
    """

    files: list[str]
    file: Ints
    line: NDArray[np.int64]
    element: Ints
    published: list[str]
    sure: Ints
    doubtful: Ints
    characters: NDArray[np.int64]
    leaked: NDArray[np.bool_]
    fit: NDArray[np.float64]
    image_row: Ints
    phash: Prints
    flat: NDArray[np.bool_]
    lopsided: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.line)

    def place(self, row: int) -> Place:
        """Where a row came from."""
        line, element = int(self.line[row]), int(self.element[row])
        return Place(self.files[self.file[row]], line if element < 0 else Element(line, element))


class Places(Sequence[Place]):
    """The places of all rows, each made when it is asked for."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, row):  # type: ignore[no-untyped-def]
        return self._table.place(row)

    def __iter__(self) -> Iterator[Place]:
        return map(self._table.place, range(len(self)))


def read_table(paths: Sequence[Path]) -> Table:
    """Reads the columns of all parts."""
    rows = sum(pq.read_metadata(path).num_rows for path in paths)
    whole: dict[str, Any] = {
        "file": np.empty(rows, np.int32),
        "line": np.empty(rows, np.int64),
        "element": np.empty(rows, np.int32),
        "sure": np.empty(rows, np.int32),
        "doubtful": np.empty(rows, np.int32),
        "characters": np.empty(rows, np.int64),
        "leaked": np.empty(rows, bool),
        "fit": np.empty(rows, np.float64),
    }
    images: dict[str, list[Any]] = {"image_row": [], "phash": [], "flat": [], "lopsided": []}
    files: dict[str, int] = {}
    splits: dict[str, str] = {}
    published: list[str] = []
    at = 0
    for path in paths:
        numbers = ("line", "element", "sure", "doubtful", "characters", "fit")
        names = [*numbers, "file", "leak", "published", "phash", "lopsided"]
        part = pq.read_table(path, columns=names).combine_chunks()
        here = slice(at, at + len(part))
        for name in numbers:
            whole[name][here] = part[name].to_numpy()
        whole["file"][here] = [files.setdefault(name, len(files)) for name in part["file"].to_pylist()]
        whole["leaked"][here] = np.array([bool(told) for told in part["leak"].to_pylist()], bool)
        published += (splits.setdefault(word, word) for word in part["published"].to_pylist())
        _add_images(images, part["phash"].combine_chunks(), at)
        images["lopsided"].append(part["lopsided"].combine_chunks().flatten().to_numpy())
        at += len(part)
    return Table(
        list(files),
        published=published,
        image_row=np.concatenate([np.empty(0, np.int32), *images["image_row"]]),
        phash=np.concatenate([np.empty((0, BYTES), np.uint8), *images["phash"]]),
        flat=np.concatenate([np.empty(0, bool), *images["flat"]]),
        lopsided=np.concatenate([np.empty(0, np.float32), *images["lopsided"]]),
        **whole,
    )


def _add_images(images: dict[str, list[Any]], phash: Any, at: int) -> None:
    if not len(phash):
        return
    counts = np.diff(phash.offsets.to_numpy())
    flat = phash.flatten()
    images["flat"].append(flat.is_null().to_numpy(zero_copy_only=False))
    images["phash"].append(_fixed(flat.fill_null(bytes(BYTES)), BYTES))
    images["image_row"].append(np.repeat(np.arange(at, at + len(phash), dtype=np.int32), counts))


@dataclass(frozen=True)
class Texts:
    """The prints of the texts of all rows.

    Attributes:
        exact: (rows,) 16 bytes, equal for equal texts.
        signature: (rows, 128) MinHash bytes.
        wordless: Whether a row says nothing.
    """

    exact: NDArray[np.void]
    signature: Signatures
    wordless: NDArray[np.bool_]


def read_texts(paths: Sequence[Path]) -> Texts:
    """Reads the prints of texts."""
    rows = sum(pq.read_metadata(path).num_rows for path in paths)
    exact, signature = np.empty((rows, 16), np.uint8), np.empty((rows, MINIMA), np.uint8)
    wordless = np.empty(rows, bool)
    at = 0
    for path in paths:
        part = pq.read_table(path, columns=["exact", "signature", "words"]).combine_chunks()
        here = slice(at, at + len(part))
        exact[here] = _fixed(part["exact"].combine_chunks(), 16)
        signature[here] = _fixed(part["signature"].combine_chunks(), MINIMA)
        wordless[here] = part["words"].to_numpy() == 0
        at += len(part)
    return Texts(exact.view("V16").reshape(-1), signature, wordless)


def read_groups(paths: Sequence[Path], also: Ints | None) -> Grouped:
    """The groups of all rows, by what ties them and by clusters found otherwise.

    Args:
        paths: The parts.
        also: For each row the number of a row it belongs with, or None.
    """
    groups = Groups()
    for ties, own in told(paths):
        groups.add(ties, own)
    if also is not None:
        groups.tie(also)
    return groups.close()


def told(paths: Sequence[Path]) -> Iterator[tuple[list[str], str]]:
    """(what ties it to others, its own identifier) of each row, in order."""
    for path in paths:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH, columns=["ties.list.element", "own"]):
                yield from zip(
                    batch.column("ties").to_pylist(), batch.column("own").to_pylist(), strict=True
                )


def _fixed(array: Any, width: int) -> NDArray[np.uint8]:
    """Bytes of one width as a matrix."""
    if not len(array):
        return np.empty((0, width), np.uint8)
    raw = np.frombuffer(array.buffers()[1], dtype=np.uint8)
    return raw[array.offset * width :][: len(array) * width].reshape(-1, width)
