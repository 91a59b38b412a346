"""Where a task's data lie: the folder below `--data` that an adapter knows, found by its files.

Looked at are the folder itself, what lies in it, and the snapshots of a hub cache.  Nothing is read but names and
headers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medgpt_cli.core.errors import InputError, NotThere, UsageError
from medgpt_cli.data.sources.adapter import Adapter
from medgpt_cli.data.sources.making import by_name_alone
from medgpt_cli.data.sources.registry import find
from medgpt_cli.evaluation.tasks.declaration import Declaration


@dataclass(frozen=True, slots=True)
class Place:
    """A set that was found.

    Attributes:
        adapter: What reads it.
        folder: Where it lies.
    """

    adapter: Adapter
    folder: Path


def place_of(task: str, declared: Declaration, data: Path) -> Place:
    """The first of a task's sets that lies below a folder.

    Args:
        task: The task's name.
        declared: The task.
        data: What the person named.

    Raises:
        NotThere: None of them does, or there is no such folder.
        InputError: A set lies there twice, and none of the folders has its name.
    """
    if not data.exists():
        raise NotThere("there is no such folder", where=str(data), repair="mend --data")
    for name in declared.reads:
        folder = folder_of(find(name), data, task)
        if folder is not None:
            return Place(find(name), folder)
    known = find(declared.reads[0])
    raise NotThere(
        f"the data of {task} are not in this folder or one below it",
        where=str(data),
        repair=f"put {declared.put or 'them'} there, or name another folder with --data; they come from {known.home}",
    )


def folder_of(adapter: Adapter, data: Path, task: str = "") -> Path | None:
    """The folder in which an adapter finds its set, or None."""
    known = _known_as(adapter)
    names = dict.fromkeys((adapter.name, known.name, task))
    named = [data / name for name in names if name and (data / name).is_dir()]
    for folder in (*named, data):
        if known.detect(folder):
            return folder
    found = [folder for folder in _below(data) if known.detect(folder)]
    if len(found) > 1:
        raise InputError(
            f"{known.name} lies in {', '.join(folder.name for folder in found)}",
            where=str(data),
            repair=f"name the one that is meant: --data {found[0]}",
        )
    # One that has the set's name and is not known by its files is read all the same, and says what it lacks.
    return next(iter(found or named), None)


def _known_as(adapter: Adapter) -> Adapter:
    """The adapter by whose files a variant's folder is known: `mimic-cxr` for `mimic-cxr-multi-impression`."""
    while adapter.detect is by_name_alone:
        try:
            adapter = find(adapter.name.rpartition("-")[0])
        except UsageError:  # no prefix is a set's name: its folder has to have its own
            return adapter
    return adapter


def _below(data: Path) -> Iterator[Path]:
    for folder in sorted(data.iterdir()) if data.is_dir() else ():
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        snapshots = folder / "snapshots"
        yield from sorted(each for each in snapshots.iterdir()) if snapshots.is_dir() else (folder,)
