"""Which tables a folder means, and which split each belongs to.

    dataset_dict.json, train/, test/          `datasets.DatasetDict.save_to_disk`
    state.json, data-00000-of-00002.arrow     `datasets.Dataset.save_to_disk`; the files it names and no cache beside
    train-00000-of-00001.parquet              anything else: every file of one kind, below the folder

Of several kinds the first in `KINDS` is taken.  This module looks at names alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from medgpt_cli.core.errors import InputError, NotThere

KINDS = (".parquet", ".jsonl", ".csv", ".tsv", ".json")
"""Endings of tables, `.gz` behind those of text allowed."""
_SPLITS = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation",
           "dev": "validation", "test": "test"}  # fmt: skip
_SPLIT = re.compile(rf"({'|'.join(_SPLITS)})(?:[-_.].*)?")
_NOT_DATA = {"dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json", "config.json"}


_T = TypeVar("_T", bound=msgspec.Struct)


class _File(msgspec.Struct):
    filename: str


class _State(msgspec.Struct):
    files: list[_File] = msgspec.field(name="_data_files")
    indices: list[_File] | None = msgspec.field(name="_indices_files", default=None)


class _Splits(msgspec.Struct):
    splits: list[str]


def tables_of(path: Path) -> Iterator[tuple[Path, str]]:
    """The tables at a path as (file, split), in order; a split that no name tells is empty.

    Raises:
        NotThere: There is no such path.
        InputError: There is no table.
    """
    if not path.exists():
        raise NotThere("there is no such file or folder", where=str(path), repair="mend the path")
    if path.is_file():
        yield path, _split_of(path.name)
    elif (path / "dataset_dict.json").is_file():
        for split in _decoded(path / "dataset_dict.json", _Splits).splits:
            for file in _saved(path / Path(split).name):
                yield file, _SPLITS.get(split, split)
    elif (path / "state.json").is_file():
        for file in _saved(path):
            yield file, ""
    else:
        for file in _plain(path):
            folder = file.parent.name if file.parent != path else ""
            yield file, _split_of(file.name) or _SPLITS.get(folder.lower(), "")


def cache_of(file: Path) -> Path | None:
    """The hub's cache folder of a set that a file lies in, or None."""
    return next(
        (
            above
            for above in file.parents
            if (above / "blobs").is_dir() and (above / "snapshots").is_dir()
        ),
        None,
    )


def _saved(folder: Path) -> Iterator[Path]:
    state = _decoded(folder / "state.json", _State)
    if state.indices:
        raise InputError(
            "is a selection of rows kept as indices",
            where=str(folder),
            repair="write it out with flatten_indices() and save it again",
        )
    for file in state.files:
        yield folder / Path(file.filename).name


def _plain(folder: Path) -> list[Path]:
    names = [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name not in _NOT_DATA and not file.name.startswith(".")
    ]
    for kind in KINDS:
        if found := [file for file in names if file.name.lower().removesuffix(".gz").endswith(kind)]:
            return found
    raise InputError(
        "holds no table",
        where=str(folder),
        repair=f"looked for {', '.join(KINDS)} and what save_to_disk writes",
    )


def _split_of(name: str) -> str:
    match = _SPLIT.fullmatch(name.lower())
    return _SPLITS[match[1]] if match else ""


def _decoded(file: Path, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (msgspec.DecodeError, OSError):
        raise InputError(
            "is not what datasets.save_to_disk writes", where=str(file), repair="save the data set again"
        ) from None
