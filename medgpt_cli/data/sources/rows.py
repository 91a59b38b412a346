"""Rows of a table, whatever file it stands in: JSONL, JSON, CSV, TSV, Parquet, Arrow; gzipped where that is usual.

Every row comes with its place.  Columns are checked once a file, so that a set published in another layout is refused
with the columns it lacks instead of yielding empty records.  This module knows nothing of any set.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import Unfit, key_names
from medgpt_cli.data.jsonl import numbered_lines
from medgpt_cli.data.sources.arrays import elements, is_array
from medgpt_cli.data.strict_json import read_object

Row = tuple[dict[str, Any], Place]

FIELD_CAP = 16 * 2**20
"""Characters one field of a CSV may have."""
BATCH = 1024
"""Rows of a Parquet file held at a time."""


def rows(path: Path, *, columns: Iterable[str] = (), delimiter: str = "") -> Iterator[Row]:
    """The rows of one file as ({column: value}, place), in order.

    A column of pictures embedded in Parquet or Arrow holds how many there are (of a list) or whether there is one,
    never their bytes.

    Args:
        path: `.jsonl`, `.json`, `.csv`, `.tsv`, `.txt` with a delimiter, `.parquet`, `.arrow`, or a gzipped
            text file.
        columns: What every row must have; told as missing before the first row is yielded.
        delimiter: Of a text table; by its ending when empty.

    Raises:
        BadRecord: The file cannot be read, or lacks columns.
    """
    name = path.name.removesuffix(".gz").lower()
    if name.endswith(".parquet"):
        yield from _parquet(path, tuple(columns))
    elif name.endswith(".arrow"):
        yield from _arrow(path, tuple(columns))
    elif name.endswith((".jsonl", ".json")):
        yield from _objects(path, tuple(columns))
    else:
        yield from _delimited(
            path, tuple(columns), delimiter or ("\t" if name.endswith(".tsv") else ",")
        )


def require_columns(have: Iterable[str], need: Iterable[str], path: Path) -> None:
    """Refuses a table that lacks columns.

    Raises:
        BadRecord: With the columns that are missing and those that are there.
    """
    have = list(have)
    missing = [column for column in need if column not in have]
    if missing:
        raise BadRecord(
            f"lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; it has {key_names(have)}",
            where=str(path),
            repair="is this the published file? Name another adapter, or map the columns in a recipe",
        )


def _objects(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    first = True
    for number, raw in elements(path) if is_array(path) else numbered_lines(path):
        place = Place(str(path), number)
        try:
            record = read_object(raw)
        except Unfit as error:
            yield {"": error.faults[0].what}, place
            continue
        if first:
            require_columns(record, columns, path)
            first = False
        yield record, place


def _delimited(path: Path, columns: tuple[str, ...], delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(FIELD_CAP)
    with _text(path) as stream:
        reader = csv.DictReader(stream, delimiter=delimiter, strict=True)
        try:
            require_columns(reader.fieldnames or (), columns, path)
            for row in reader:
                yield row, Place(str(path), reader.line_num)
        except csv.Error:
            raise BadRecord(
                "is not a table of this kind: a quote is not closed, or a field is over 16 MB",
                where=f"{path}:{reader.line_num}",
                repair="save the table again from where it came",
            ) from None
        except UnicodeDecodeError:
            raise BadRecord("is not UTF-8", where=str(path), repair="convert it with iconv") from None
        except (EOFError, zlib.error, OSError):
            raise BadRecord(
                "is broken or cut short", where=str(path), repair="copy it again from where it came"
            ) from None


def _text(path: Path) -> IO[str]:
    if path.name.endswith(".gz"):
        return io.TextIOWrapper(gzip.open(path, "rb"), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _parquet(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """Rows without the bytes of embedded pictures, which are named by `#row=`, never carried along."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            require_columns(schema.names, columns, path)
            plain = [field.name for field in schema if not holds_bytes(field.type)]
            leaves = [file.schema.column(index).path for index in range(len(file.schema))]
            # A picture's path is read in place of its bytes: whether it is null tells whether there is a picture.
            beside = {leaf.split(".")[0]: leaf for leaf in leaves if leaf.endswith(".path")}
            pictures = {name: leaf for name, leaf in beside.items() if name not in plain}
            number = 0
            for batch in file.iter_batches(batch_size=BATCH, columns=[*plain, *pictures.values()]):
                for row in batch.to_pylist():
                    number += 1
                    yield row | {name: _count(row[name]) for name in pictures}, Place(str(path), number)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OSError):
        raise BadRecord(
            "is not a whole Parquet file", where=str(path), repair="copy it again from where it came"
        ) from None


def _arrow(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    """Rows of a stream as `datasets.save_to_disk` writes it, mapped into memory and read batch by batch."""
    import pyarrow as pa

    number = 0
    try:
        with pa.memory_map(str(path)) as mapped, pa.ipc.open_stream(mapped) as stream:
            require_columns(stream.schema.names, columns, path)
            plain = [field.name for field in stream.schema if not holds_bytes(field.type)]
            pictures = [field.name for field in stream.schema if field.name not in plain]
            for batch in stream:
                counts = {name: _counts(batch.column(name)) for name in pictures}
                for index, row in enumerate(batch.select(plain).to_pylist()):
                    number += 1
                    yield (
                        row | {name: counts[name][index] for name in pictures},
                        Place(str(path), number),
                    )
    except (pa.ArrowInvalid, pa.ArrowTypeError, OSError):
        raise BadRecord(
            "is not a whole Arrow stream", where=str(path), repair="save the data set again"
        ) from None


def _count(picture: Any) -> int:
    return len(picture) if isinstance(picture, list) else picture is not None


def _counts(pictures: Any) -> list[int]:
    """Embedded pictures of each row of a batch, without their bytes."""
    if hasattr(pictures, "value_lengths"):
        return [length or 0 for length in pictures.value_lengths().to_pylist()]
    return list(pictures.is_valid().to_pylist())


def holds_bytes(kind: Any) -> bool:
    """Whether a Parquet column holds pictures as bytes, alone or in a list, as `datasets` writes them."""
    import pyarrow.types as is_

    if is_.is_list(kind) or is_.is_large_list(kind):
        return holds_bytes(kind.value_type)
    if is_.is_struct(kind):
        return any(is_.is_binary(field.type) or is_.is_large_binary(field.type) for field in kind)
    return bool(is_.is_binary(kind) or is_.is_large_binary(kind))
