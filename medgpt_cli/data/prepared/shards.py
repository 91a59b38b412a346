"""The rows that are kept, written as Parquet shards: the same rows and the same options give the same bytes.

Parts are read once from front to back and every split has one shard open; a shard appears whole or not at all, and one
that is there already is passed over.  This module knows nothing of why a row is kept.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from medgpt_cli.core.files import make_folder, mode_beside, sha256_file, write_bytes
from medgpt_cli.data.prepared.columns import HASHES, shard_schema
from medgpt_cli.data.prepared.planning import Plan

GROUP, GROUP_EMBEDDED = 1024, 32
"""Rows of a row group; with pictures in them few, since one is read by decoding its group."""
_TEXTS = ("text", "messages.list.element.content", "messages.list.element.thinking")


class _Split:
    """The shards of one split, written one after the other."""

    def __init__(self, folder: Path, name: str, rows: int, most: int, *, embedded: bool) -> None:
        self.count = -(-rows // most)
        self.each = -(-rows // max(self.count, 1))
        self.sizes: list[int] = []
        self._name, self._folder, self._rows = name, folder, rows
        self._schema = shard_schema(embedded=embedded)
        self._group = GROUP_EMBEDDED if embedded else GROUP
        self._embedded = embedded
        self._writer: pq.ParquetWriter | None = None
        self._temporary: Path | None = None
        self._held: list[pa.RecordBatch] = []
        self._pending = self._inside = 0

    def path(self, number: int) -> Path:
        return self._folder / f"{self._name}-{number:05d}-of-{self.count:05d}.parquet"

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes in rows; whole row groups are written as soon as they are there."""
        while len(batch):
            space = min(self.each - self._inside - self._pending, self._group - self._pending)
            self._held.append(batch.slice(0, space))
            self._pending += len(self._held[-1])
            batch = batch.slice(space)
            full = self._inside + self._pending == self.each
            if self._pending == self._group or full:
                self._write()
            if full:
                self._close()

    def finish(self) -> None:
        """Writes what is left."""
        if self._pending:
            self._write()
        if self._inside:
            self._close()

    def abandon(self) -> None:
        """Leaves nothing half written."""
        if self._writer is not None:
            self._writer.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)

    def _write(self) -> None:
        if not self.path(len(self.sizes)).exists():
            if self._writer is None:
                self._open()
            assert self._writer is not None
            table = pa.Table.from_batches(self._held, self._schema).combine_chunks()
            self._writer.write_table(table, row_group_size=self._group)
        self._inside += self._pending
        self._held, self._pending = [], 0

    def _open(self) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".shard.")
        os.close(handle)
        self._temporary = Path(name)
        packed: Any = "zstd"
        if self._embedded:
            packed = dict.fromkeys(_TEXTS, "zstd")  # pictures are packed already
        self._writer = pq.ParquetWriter(name, self._schema, compression=packed)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            assert self._temporary is not None
            with self._temporary.open("rb") as file:
                os.fsync(file.fileno())
            self._temporary.chmod(mode_beside(self._folder, folder=False))
            os.replace(self._temporary, self.path(len(self.sizes)))
        self.sizes.append(self._inside)
        self._writer = self._temporary = None
        self._inside = 0


def write_shards(
    folder: Path, parts: Sequence[Path], plan: Plan, *, embedded: bool, shard_rows: int
) -> dict[str, Any]:
    """Writes `data/` and `index.parquet`.

    Args:
        folder: The prepared set.
        parts: In order.
        plan: What becomes of their rows.
        embedded: Whether the rows carry their pictures.
        shard_rows: Rows of a shard at most.

    Returns:
        By split: `rows`, and of each of its `shards` the `file`, `rows`, `bytes` and `sha256`.
    """
    data = make_folder(folder / "data")
    for left in data.glob(".shard.*"):
        left.unlink()
    rows = np.bincount(plan.split[plan.split >= 0], minlength=len(plan.splits))
    splits = [
        _Split(data, name, int(rows[number]), shard_rows, embedded=embedded)
        for number, name in enumerate(plan.splits)
    ]
    try:
        for split, batch in _kept(parts, plan, embedded=embedded):
            splits[split].add(batch)
        for one in splits:
            one.finish()
    except BaseException:
        for one in splits:
            one.abandon()
        raise
    _write_index(folder / "index.parquet", parts, plan, splits)
    return {
        name: {
            "rows": sum(one.sizes),
            "shards": [_described(one.path(i), n) for i, n in enumerate(one.sizes)],
        }
        for name, one in zip(plan.splits, splits, strict=True)
    }


def _described(path: Path, rows: int) -> dict[str, Any]:
    return {
        "file": path.name,
        "rows": rows,
        "bytes": path.stat().st_size,
        "sha256": sha256_file(path),
    }


def _kept(parts: Sequence[Path], plan: Plan, *, embedded: bool) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(split, rows of it) in the order of the parts."""
    schema = shard_schema(embedded=embedded)
    columns = [name for name in schema.names if name != "cluster"]
    at = 0
    for path in parts:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(GROUP_EMBEDDED if embedded else GROUP, columns=columns):
                here = plan.split[at : at + len(batch)]
                cluster = pa.array(plan.cluster[at : at + len(batch)].astype(np.int64))
                whole = pa.RecordBatch.from_arrays(
                    [*(batch.column(name) for name in columns), cluster], names=[*columns, "cluster"]
                ).select(schema.names)
                whole = whole.cast(schema)
                for split in np.unique(here[here >= 0]).tolist():
                    yield split, whole.filter(pa.array(here == split))
                at += len(batch)


def _write_index(path: Path, parts: Sequence[Path], plan: Plan, splits: Sequence[_Split]) -> None:
    """One row for each row of the shards, in their order."""
    images = np.bincount(plan.table.image_row, minlength=len(plan.table)).astype(np.int32)
    tables = []
    for number, one in enumerate(splits):
        rows = np.flatnonzero(plan.split == number)
        shard = np.repeat(np.arange(len(one.sizes), dtype=np.int32), one.sizes)
        inside = np.concatenate([np.arange(size) for size in one.sizes]) if one.sizes else shard
        names = pa.array([one.path(i).name for i in range(len(one.sizes))], pa.string())
        tables.append(
            pa.table(
                {
                    "split": pa.DictionaryArray.from_arrays(
                        np.zeros(len(rows), np.int32), pa.array([plan.splits[number]])
                    ).cast(pa.string()),
                    "shard": pa.DictionaryArray.from_arrays(shard, names).cast(pa.string()),
                    "row": pa.array(inside.astype(np.int32)),
                    "images": pa.array(images[rows]),
                    "characters": pa.array(plan.table.characters[rows]),
                    "tokens": pa.nulls(len(rows), pa.int32()),
                }
            )
        )
    sink = pa.BufferOutputStream()
    pq.write_table(pa.concat_tables(tables), sink, compression="zstd")
    write_bytes(path, sink.getvalue().to_pybytes())


def hash_of_pictures(folder: Path, splits: Mapping[str, Any]) -> dict[str, Any]:
    """How many images the rows reference, and the SHA-256 over the hashes of their files in the order of the rows.

    Args:
        folder: The prepared set.
        splits: As `write_shards` returns them.
    """
    digest, count = hashlib.sha256(), 0
    for split in splits.values():
        for shard in split["shards"]:
            with pq.ParquetFile(folder / "data" / shard["file"]) as file:
                for batch in file.iter_batches(GROUP, columns=[HASHES]):
                    for each in batch.column(0).flatten():
                        digest.update(bytes.fromhex(each.as_py()))
                        count += 1
    return {"images": count, "sha256": digest.hexdigest()}


def write_tokens(path: Path, lengths: Sequence[int]) -> None:
    """Fills the column `tokens` of an index.

    Args:
        path: `index.parquet`.
        lengths: One for each row.
    """
    index = pq.read_table(path)
    at = index.schema.get_field_index("tokens")
    index = index.set_column(at, "tokens", pa.array(lengths, pa.int32()))
    sink = pa.BufferOutputStream()
    pq.write_table(index, sink, compression="zstd")
    write_bytes(path, sink.getvalue().to_pybytes())
