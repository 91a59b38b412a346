"""Pictures that lie as bytes in a Parquet file, told apart by their bytes.

Sets published that way name no image, so questions on one picture can only be tied by the picture itself.  Nothing is
decoded.  This module knows nothing of any set.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

BATCH = 32
"""Pictures held at a time."""


def picture_keys(path: Path, column: str) -> Iterator[str]:
    """A key for the picture of each row, in order: `image:xxh128/…`, empty where there is none.

    Args:
        path: A Parquet file that has been opened before and is whole.
        column: Of bytes, or of structs with `bytes` as the datasets library writes them.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        if column not in file.schema_arrow.names:
            return
        for batch in file.iter_batches(batch_size=BATCH, columns=[column]):
            pictures = batch.column(0)
            if hasattr(pictures, "field"):
                pictures = pictures.field("bytes")
            yield from (_key(each) for each in pictures)


def _key(picture: Any) -> str:
    import xxhash

    data = picture.as_buffer()
    return f"image:xxh128/{xxhash.xxh3_128_hexdigest(memoryview(data))}" if data else ""
