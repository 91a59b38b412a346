"""The bytes of a picture that stands in a cell of a Parquet or Arrow file.

A cell holds bytes, or what the datasets library calls an image (a struct of `bytes` and `path`), or a list of either.
Of a Parquet file only the row group that is needed is read; two small ones are kept, since neighbours are asked for in
turn.  Of an Arrow file only the record batch is touched.  A file that was not written to its end is refused.  What the
bytes are is not known here.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.limits import MAX_FRAME_BYTES, MAX_GROUP_BYTES
from medgpt_cli.data.images.references import Reference

KEPT_BYTES = 32 * 2**20
"""Unpacked size of a row group up to which the column is read at once and kept, and about what is read at a time of a
larger one; two are kept."""
_REPAIR = "write it again, or copy it again from where it came"
_END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"


def cell(reference: Reference, kind: str) -> bytes:
    """The bytes a reference names.

    Args:
        reference: With `row` and `column`, and `item` where the cell is a list.
        kind: PARQUET or ARROW.

    Raises:
        BadImage: No such row, column or item, no bytes in it, too large, a torn file.
    """
    if reference.row is None or reference.column is None:
        raise BadImage(
            "is a table, and no cell of it is named", repair="write #row=17&column=image behind the path"
        )
    try:
        read = _in_parquet if kind == "PARQUET" else _in_arrow
        return _bytes(read(reference.path, reference.row, reference.column), reference.item)
    except (pa.ArrowException, OSError, ValueError):  # its words may quote the table
        raise BadImage(f"is a torn or damaged {kind.capitalize()} file", repair=_REPAIR) from None


def check_cell(reference: Reference, kind: str) -> None:
    """Whether the cell a reference names is there; of Parquet only the footer is read.

    Raises:
        BadImage: As `cell`.
    """
    if kind != "PARQUET" or reference.row is None or reference.column is None:
        cell(reference, kind)
        return
    try:
        file, starts = _parquet(*_stamp(reference.path))
    except (pa.ArrowException, OSError, ValueError):
        raise BadImage("is a torn or damaged Parquet file", repair=_REPAIR) from None
    _refuse_absent(file.schema_arrow, starts[-1], reference.row, reference.column)


def _bytes(value: Any, item: int | None) -> bytes:
    if pa.types.is_list(value.type) or pa.types.is_large_list(value.type):
        inside = value.values
        count = 0 if inside is None else len(inside)
        if item is None and count != 1:
            raise BadImage(f"holds {count} pictures in that cell", repair="name one: &item=0")
        if (item or 0) >= count:
            raise BadImage(f"has no item {item}: the cell holds {count}, counted from 0")
        value = inside[item or 0]
    elif item:
        raise BadImage(f"has no item {item}: the cell holds one picture")
    if pa.types.is_struct(value.type) and "bytes" in value.type.names:
        value = value["bytes"]
    if not (pa.types.is_binary(value.type) or pa.types.is_large_binary(value.type)):
        raise BadImage("holds no bytes in that column", repair="name the column of the pictures")
    buffer = value.as_buffer()
    if buffer is None:
        raise BadImage(
            "holds nothing in that cell",
            repair="embed the pictures when you write the table, or name their files",
        )
    if buffer.size > MAX_FRAME_BYTES:
        raise BadImage(f"holds over {MAX_FRAME_BYTES // 2**20} MB in that cell", repair="leave it out")
    return bytes(buffer)


def _refuse_absent(schema: Any, rows: int, row: int, column: str) -> None:
    if column not in schema.names:
        raise BadImage("has no column of that name", repair="name the column of the pictures")
    if row >= rows:
        raise BadImage(f"has no row {row}: it holds {rows}, counted from 0")


def _stamp(path: str) -> tuple[int, str, int, int]:
    """What a file kept open is known by: another process, or another file of the name, opens its own."""
    found = os.stat(path)
    return os.getpid(), path, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=32)
def _parquet(pid: int, path: str, changed: int, size: int) -> tuple[Any, tuple[int, ...]]:
    """A Parquet file, and the rows before each row group and at its end."""
    file = pq.ParquetFile(path, pre_buffer=False, buffer_size=2**16, page_checksum_verification=True)
    counts = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    return file, (0, *accumulate(counts))


def _in_parquet(path: str, row: int, column: str) -> Any:
    stamp = _stamp(path)
    file, starts = _parquet(*stamp)
    _refuse_absent(file.schema_arrow, starts[-1], row, column)
    group = bisect_right(starts, row) - 1
    place = row - starts[group]
    # The size of the whole group, since asking a damaged footer for a column's ends the process (pyarrow 26).
    size, rows = file.metadata.row_group(group).total_byte_size, starts[group + 1] - starts[group]
    if size <= KEPT_BYTES:
        return _column(stamp, group, column)[place]
    if size > MAX_GROUP_BYTES:
        raise BadImage(
            f"has a row group of {size // 2**20} MB, over the limit of {MAX_GROUP_BYTES // 2**20}",
            repair="write it again with a smaller row_group_size; 16 to 64 rows are read fastest",
        )
    step = max(1, KEPT_BYTES * rows // size)
    for batch in file.iter_batches(step, row_groups=[group], columns=[column], use_threads=False):
        if place < batch.num_rows:
            return batch.column(0)[place]
        place -= batch.num_rows
    raise ValueError("fewer rows than the footer says")


@lru_cache(maxsize=2)
def _column(stamp: tuple[int, str, int, int], group: int, column: str) -> Any:
    file, _ = _parquet(*stamp)
    return file.read_row_group(group, columns=[column], use_threads=False).column(0)


def _in_arrow(path: str, row: int, column: str) -> Any:
    with pa.memory_map(path) as source:
        stream = source.read(4) == _END_OF_STREAM[:4]
        source.seek(0)
        schema = (pa.ipc.open_stream if stream else pa.ipc.open_file)(source).schema
        if column not in schema.names:
            _refuse_absent(schema, 0, row, column)
        options = pa.ipc.IpcReadOptions(included_fields=[schema.names.index(column)], use_threads=False)
        source.seek(0)
        if stream:
            source.seek(source.size() - len(_END_OF_STREAM))
            if source.read(len(_END_OF_STREAM)) != _END_OF_STREAM:
                raise ValueError("no end")
            source.seek(0)
            batches: Any = pa.ipc.open_stream(source, options=options)
        else:
            file = pa.ipc.open_file(source, options=options)
            batches = (file.get_batch(i) for i in range(file.num_record_batches))
        rows = 0
        for batch in batches:
            if row < rows + batch.num_rows:
                batch.validate(full=True)  # offsets of a damaged file may point anywhere
                return batch.column(0)[row - rows]
            rows += batch.num_rows
    _refuse_absent(schema, rows, row, column)
    raise ValueError("no such row")
