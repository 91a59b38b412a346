"""A prepared set opened, and the one way to read samples from whatever stands at a path.

    DIR/data/<split>-00000-of-00003.parquet   the rows
    DIR/index.parquet                         row -> split, shard, row, images, characters, tokens
    DIR/rejects.jsonl                         what was left out: file, line, stage, reason; never text
    DIR/README.md                             by its header `datasets` finds the shards
    DIR/manifest.json                         sources, counts, gates, hashes, versions
    DIR/preparation.json                      whether the set is finished

This module knows nothing of how a set is made, and decodes no picture.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medgpt_cli.core.errors import BadRecord, Complaint, HashMismatch, InputError
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.rundir import read_state
from medgpt_cli.core.types import Place, Sample
from medgpt_cli.core.wording import counted
from medgpt_cli.data.prepared.columns import HASHES, IMAGES, sample_of

FORMAT = 1
"""Version of the layout; a set of a higher one is refused by name."""
KIND = "data prep"
"""What `preparation.json` calls the command that owns the folder."""
MANIFEST = "manifest.json"
BATCH = 1024
"""Rows held at a time."""


def is_prepared(path: Path) -> bool:
    """Whether `path` is a prepared set, finished or not."""
    return path.is_dir() and (read_state(path) or {}).get("kind") == KIND


class PreparedSet:
    """A finished prepared set.

    Attributes:
        folder: Where it lies.
        manifest: What went in, what was left out and why, and the hashes of the shards.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest

    @classmethod
    def open(cls, folder: Path) -> PreparedSet:
        """Opens a set; its shards must have the sizes that the manifest names.

        Raises:
            InputError: Not a prepared set, not finished, or made by a later version.
            HashMismatch: A shard is missing or has another size; `verify` compares every byte.
        """
        state = read_state(folder) or {}
        if state.get("kind") != KIND:
            raise InputError(
                "is no prepared set", where=str(folder), repair="make one: medgpt data prep"
            )
        if state.get("state") != "done":
            raise InputError(
                "the preparation has not finished",
                where=str(folder),
                repair="run its command again with --resume",
            )
        manifest = _json(folder / MANIFEST)
        if manifest.get("format") != FORMAT:
            raise InputError(
                f"is a prepared set of layout {manifest.get('format', 'unknown')}; this medgpt reads {FORMAT}",
                where=str(folder),
                repair="prepare it again, or read it with the version of medgpt its manifest names",
            )
        found = cls(folder, manifest)
        for shard in found._shards():
            path = folder / "data" / shard["file"]
            if not path.is_file() or path.stat().st_size != shard["bytes"]:
                raise _damaged(path)
        return found

    @cached_property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits that hold rows, as `train`, `validation`, `test`."""
        return tuple(name for name, split in self.manifest["splits"].items() if split["rows"])

    def count(self, split: str | None = None) -> int:
        """Rows of a split, or of all."""
        splits = self.manifest["splits"]
        return sum(splits[name]["rows"] for name in self.splits if split in (None, name))

    def shards(self, split: str | None = None) -> list[Path]:
        """The Parquet files of a split, or of all, in order."""
        return [self.folder / "data" / shard["file"] for shard in self._shards(split)]

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """The samples of a split, or of all, in order; embedded pictures are named, not read."""
        for name in self.splits:
            if split in (None, name):
                for path in self.shards(name):
                    yield from samples_in(path, name)

    def verify(self) -> None:
        """Compares every shard with its hash in the manifest.

        Raises:
            HashMismatch: Of the first shard whose bytes are others.
        """
        for shard in self._shards():
            path = self.folder / "data" / shard["file"]
            if sha256_file(path) != shard["sha256"]:
                raise _damaged(path)

    def pictures(self, split: str | None = None) -> Iterator[tuple[Place, int, str, str]]:
        """Every referenced image of a split, or of all, in order.

        Yields:
            The record's place, the number of the image in it, its reference, and the SHA-256 that its file had.
            Nothing for pictures that are embedded, nor in a set made before hashes were kept.
        """
        for path in self.shards(split):
            with pq.ParquetFile(path) as file:
                if HASHES not in file.schema_arrow.names:
                    return
                row = 0
                for batch in file.iter_batches(batch_size=BATCH, columns=[IMAGES, HASHES]):
                    for record in batch.to_pylist():
                        row += 1
                        pairs = zip(record[IMAGES], record[HASHES], strict=True)
                        for index, (reference, promised) in enumerate(pairs):
                            yield Place(str(path), row), index, reference, promised

    def _shards(self, split: str | None = None) -> list[dict[str, Any]]:
        splits = self.manifest["splits"].items()
        return [shard for name, found in splits if split in (None, name) for shard in found["shards"]]


def samples_of(
    path: Path,
    *,
    image_root: Path | None = None,
    on_bad: Callable[[Complaint], None] | None = None,
) -> Iterator[Sample]:
    """Samples of a JSONL file, a prepared set, or a data set's folder as an adapter reads it; memory is bounded.

    Args:
        path: What the person named.
        image_root: The folder image paths of a JSONL file are relative to; the file's own when None.
        on_bad: Told of every record that cannot be used, which is then left out.

    Raises:
        NotThere: There is nothing at `path`.
        BadRecord: Records cannot be used and `on_bad` is None; raised after the good ones, with all complaints.
        InputError: The folder is no prepared set and none that an adapter knows.
    """
    if is_prepared(path):
        yield from PreparedSet.open(path).samples()
        return
    from medgpt_cli.data.prepared.raw import checked, source_at

    complaints: list[Complaint] = []
    lines = bad = 0
    for found in checked(source_at(path, image_root=image_root)):
        lines += 1
        if isinstance(found, Sample):
            yield found
        else:
            bad += 1
            for complaint in found:
                (on_bad or complaints.append)(complaint)
    if on_bad is None and (complaints or not lines):
        what = f"{bad:,} of {counted(lines, 'record')} cannot be used"
        raise BadRecord(
            what if lines else "holds no records",
            where=str(path),
            repair="mend them; medgpt data check lists every fault",
            complaints=complaints,
        )


def samples_in(path: Path, split: str) -> Iterator[Sample]:
    """The samples of one shard, in order; embedded pictures are named, not read.

    Raises:
        HashMismatch: It is missing or damaged.
    """
    shard, row = str(path), 0
    try:
        with pq.ParquetFile(path) as file:
            embedded = not pa.types.is_string(file.schema_arrow.field(IMAGES).type.value_type)
            columns = [name for name in file.schema_arrow.names if name not in (IMAGES, HASHES)]
            leaf = f"{IMAGES}.list.element" + (".path" if embedded else "")
            for batch in file.iter_batches(batch_size=BATCH, columns=[*columns, leaf]):
                for record in batch.to_pylist():
                    images = record[IMAGES]
                    if embedded:
                        images = [
                            f"{shard}#row={row}&column={IMAGES}&item={i}" for i in range(len(images))
                        ]
                    row += 1
                    yield sample_of(record, Place(shard, row), images, split)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OSError):
        raise _damaged(path) from None


def _damaged(path: Path) -> HashMismatch:
    return HashMismatch(
        "is missing or not the file that manifest.json describes",
        where=str(path),
        repair="copy the prepared set again from where it came, or prepare it again",
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
