"""Files as data sets publish them, written small: JSON, JSONL, CSV, lines, Parquet with pictures, and pictures."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

Rows = Sequence[dict[str, Any]]


def text(path: Path, *lines: str) -> Path:
    """A text file of these lines; gzipped when its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    return path


def as_json(path: Path, document: Any) -> Path:
    return text(path, json.dumps(document, ensure_ascii=False, indent=1))


def as_jsonl(path: Path, rows: Rows) -> Path:
    return text(path, *(json.dumps(row, ensure_ascii=False) for row in rows))


def as_csv(path: Path, rows: Rows, columns: Iterable[str] = ()) -> Path:
    names = list(columns or rows[0])
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text(path, *stream.getvalue().splitlines())


def as_parquet(path: Path, rows: Rows, schema: pa.Schema | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
    return path


def picture(path: Path, shade: int = 128) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(shade))
    return path


def pictures(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        picture(folder / name, number * 10)


def encoded(shade: int = 128) -> bytes:
    """A small grey PNG."""
    stream = io.BytesIO()
    Image.new("L", (16, 16), shade).save(stream, "PNG")
    return stream.getvalue()


def embedded(shade: int = 128) -> dict[str, Any]:
    """A picture as the datasets library writes it into a Parquet column."""
    return {"bytes": encoded(shade), "path": None}
