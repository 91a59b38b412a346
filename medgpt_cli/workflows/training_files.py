"""The files a stage trains on: records of one's own, or a prepared set, of which a split is taken.

A prepared set gives its train split to `data.mix`, its validation split to `data.validation`, and stands in for
`data.validation` where none is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from medgpt_cli.core import distributed
from medgpt_cli.core.errors import BadRecord, Complaint, NotThere
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.types import Sample
from medgpt_cli.data.images.check import check_images
from medgpt_cli.data.prepared.opening import MANIFEST, PreparedSet, is_prepared
from medgpt_cli.data.records import Records, read_records
from medgpt_cli.workflows.picture_files import PictureFiles, refuse_changed_pictures

TRAIN, VALIDATION = "train", "validation"


def require_files(paths: Sequence[Path]) -> None:
    """Refuses what is neither a record file nor a prepared set.

    Raises:
        NotThere: The first of them.
    """
    for path in paths:
        if path.is_dir() and not is_prepared(path):
            raise NotThere(
                f"{path} is a folder and no prepared set",
                repair=f"make one: medgpt data prep {path} --out prepared",
            )
        if not path.is_file() and not is_prepared(path):
            raise NotThere(f"there is no data file {path}", repair="name a JSONL file with --data")


def validation_files(mix: Sequence[Path], named: Sequence[Path]) -> list[Path]:
    """What the loss is watched on: what is named, else the prepared sets of the mix that have such a split."""
    if named:
        return list(named)
    return [
        path
        for path in dict.fromkeys(mix)
        if is_prepared(path) and PreparedSet.open(path).count(VALIDATION)
    ]


def read_split(
    path: Path, split: str, *, image_root: Path | None, limit: int | None = None
) -> tuple[Records, tuple[Complaint, ...]]:
    """The records of a file, or of one split of a prepared set, and what is wrong with their images.

    Args:
        path: A record file or a prepared set.
        split: Of a prepared set; a record file is taken whole.
        image_root: The folder image paths of a record file are relative to.
        limit: Records taken from the front, all when None; the images of others are not opened, nor their shards
            compared with the manifest.

    Raises:
        BadRecord: The file cannot be read, or the prepared set has no such split.
        HashMismatch: A shard or a referenced picture is not the one its manifest names.
    """
    records = records_of(path, split, image_root=image_root, limit=limit)
    if not is_prepared(path):
        return records, check_images(records.samples, decode=True)
    if limit is None:
        prepared = PreparedSet.open(path)
        prepared.verify()
        if distributed.is_first():  # once for all processes
            refuse_changed_pictures(prepared, split)
    # Every image was decoded when the set was made: headers and lengths tell whether it is still there.
    return records, check_images(records.samples, decode=False)


def records_of(path: Path, split: str, *, image_root: Path | None, limit: int | None = None) -> Records:
    """The records of a file, or of one split of a prepared set; no image is opened.

    Raises:
        BadRecord: The file cannot be read, or the prepared set has no such split.
    """
    if not is_prepared(path):
        records = read_records(path, image_root=image_root, max_bad=None)
        return records if limit is None else replace(records, samples=records.samples[:limit])
    prepared = PreparedSet.open(path)
    if not prepared.count(split):
        raise BadRecord(
            f"holds no {split} split",
            where=str(path),
            repair=f"it has {', '.join(prepared.splits)}; prepare it with other splits, or name another set",
        )
    samples: list[Sample] = list(islice(prepared.samples(split), limit))
    return Records(samples, (), {"prepared": len(samples)}, 0)


def shown_by(
    wanted: Iterable[tuple[Path, str]], *, image_root: Path | None, limit: int | None
) -> PictureFiles:
    """The picture files that the records of some files show, in the order the files are read.

    Args:
        wanted: Files, and the split of each where it is a prepared set.
        image_root: As for `records_of`.
        limit: As for `records_of`.
    """
    return PictureFiles.of(
        sample
        for path, split in dict.fromkeys(wanted)
        for sample in records_of(path, split, image_root=image_root, limit=limit).samples
    )


def file_hashes(paths: Sequence[Path]) -> dict[str, str]:
    """The SHA-256 of each file by its path as given; of a prepared set that of its manifest, which has the rest."""
    return {
        str(path): sha256_file(path / MANIFEST if is_prepared(path) else path)
        for path in dict.fromkeys(paths)
    }


def record_hashes(paths: Sequence[Path]) -> dict[str, str]:
    """The SHA-256 of each file that records say they stand in: record files and shards."""
    found: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        if is_prepared(path):
            prepared = PreparedSet.open(path)
            for split in prepared.manifest["splits"].values():
                for shard in split["shards"]:
                    found[str(path / "data" / shard["file"])] = shard["sha256"]
        else:
            found[str(path)] = sha256_file(path)
    return found
