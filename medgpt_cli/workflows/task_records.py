"""A set read once for a task: the records that are asked, those examples may be drawn from, and what was left out.

Only wanted records are judged, and a training split that lies apart is not even read unless examples are drawn from
it.  A row that
cannot be asked refuses the task, unless the task expects that fault and counts it; faults in files that hold no
question of the task are nobody's.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.core.errors import Complaint
from medgpt_cli.core.types import Sample
from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.prepared.raw import Item, Source, complaint
from medgpt_cli.evaluation.shots import rank
from medgpt_cli.evaluation.tasks.declaration import Declaration
from medgpt_cli.workflows.picture_files import PictureFiles

POOL = 4096
"""Examples kept to draw from, for each value of the facets they are to share with a question."""


@dataclass
class Gathered:
    """What was read.

    Attributes:
        asked: The records that are asked, in order.
        examples: Records an example may be drawn from.
        given: What is given beside a record, by its id.
        left_out: Rows that were not asked, by the expected fault.
        complaints: Everything that is wrong with other rows.
        rows: Rows that were read.
    """

    asked: list[Sample] = field(default_factory=list)
    examples: list[Sample] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    complaints: list[Complaint] = field(default_factory=list)
    rows: int = 0


def gather(
    declared: Declaration, source: Source, *, shots: bool, given: Source | None = None
) -> Gathered:
    """Reads a set for a task.

    Args:
        declared: The task.
        source: The set.
        shots: Whether examples are wanted.
        given: The set whose answers are given beside the records of the same id.
    """
    found = Gathered()
    source = _only(source, [declared], shots=shots)
    pool = _Pool()
    faults: list[tuple[str, list[Complaint]]] = []
    for item in source.items():
        found.rows += 1
        try:
            record = _looked_at(source, item)
            if declared.wants(record.split, record.facets, record.images):
                found.asked.append(source.judge(item))
            elif shots and declared.wants(
                record.split, record.facets, record.images, declared.shots_from or ("",)
            ):
                pool.add(
                    record, item, tuple(record.facets.get(name, "") for name in declared.shots_alike)
                )
        except Unfit as error:
            expected = [
                each for each in declared.leaves_out if any(each in fault.what for fault in error.faults)
            ]
            if expected:
                found.left_out[expected[0]] += 1
            else:
                told = [complaint(fault, item.place) for fault in error.faults]
                faults.append((item.place.file, told))
    files = {sample.place.file for sample in found.asked}
    found.complaints = [each for file, told in faults if file in files or not files for each in told]
    found.examples = list(pool.samples(source))
    if given is not None:
        _give(found, _only(given, [declared], shots=shots))
    return found


@dataclass
class Tally:
    """How much of a task is there.

    Attributes:
        asked: Records that would be asked; none of them has been judged.
        left_out: Rows that would not be, by the expected fault.
        faults: What is wrong with other rows of the files that hold questions, without their places.
    """

    asked: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


def tally(tasks: Sequence[Declaration], source: Source) -> list[Tally]:
    """Counts what several tasks ask of one set, in one reading."""
    found = [Tally() for _ in tasks]
    source = _only(source, tasks)
    files: list[set[str]] = [set() for _ in tasks]
    faults: list[Counter[tuple[str, str]]] = [Counter() for _ in tasks]
    for item in source.items():
        try:
            record = _looked_at(source, item)
        except Unfit as error:
            what = "; ".join(dict.fromkeys(fault.what for fault in error.faults))
            for task, each, own in zip(tasks, found, faults, strict=True):
                if expected := next((name for name in task.leaves_out if name in what), ""):
                    each.left_out[expected] += 1
                else:
                    own[item.place.file, what] += 1
            continue
        for task, each, own_files in zip(tasks, found, files, strict=True):
            if task.wants(record.split, record.facets, record.images):
                each.asked += 1
                own_files.add(item.place.file)
    for each, own_files, own in zip(found, files, faults, strict=True):
        for (file, what), rows in own.items():
            if file in own_files or not own_files:
                each.faults[what] += rows
    return found


def content_hash(samples: list[Sample], folder: Path) -> str:
    """SHA-256 over what is asked and answered, with the pictures' names below the folder and the bytes of their files.

    So a set is the same wherever it lies, unless a question or a picture differs.
    """
    root = os.path.realpath(folder if folder.is_dir() else folder.parent) + os.sep
    digest = hashlib.sha256()
    for sample in samples:
        names = [image.removeprefix(root) for image in sample.images]
        digest.update(
            msgspec.json.encode([sample.id, sample.turns, sample.options, sample.answer, names]) + b"\n"
        )
    for picture in PictureFiles.of(samples).hashes:
        digest.update(picture)
    return digest.hexdigest()


def _only(source: Source, tasks: Sequence[Declaration], *, shots: bool = False) -> Source:
    """The set without the published splits that none of the tasks needs."""
    wanted = [task.splits + (task.shots_from if shots else ()) for task in tasks if task.splits]
    if len(wanted) < len(tasks):
        return source
    return replace(source, splits=tuple(dict.fromkeys(split for each in wanted for split in each)))


@dataclass(frozen=True, slots=True)
class _Record:
    """What tells whether a record is wanted, before it is judged."""

    id: str
    split: str
    facets: dict[str, str]
    images: int


def _looked_at(source: Source, item: Item) -> _Record:
    """The split, facets and number of pictures of a row.

    Raises:
        Unfit: It is none.
    """
    if item.written is None or item.written.fault:
        sample = source.judge(item)
        return _Record(
            sample.id or str(sample.place), sample.split, dict(sample.facets), len(sample.images)
        )
    record: dict[str, Any] = item.written.record
    images = record.get("images") or ([record["image"]] if record.get("image") else [])
    own = record.get("id") or item.place
    return _Record(str(own), record.get("split", ""), record.get("facets", {}), len(images))


class _Pool:
    """The examples of lowest rank, which are the same in whatever order they come."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], list[tuple[bytes, Item]]] = {}

    def add(self, record: _Record, item: Item, group: tuple[str, ...]) -> None:
        kept = self._kept.setdefault(group, [])
        kept.append((rank(record.id), item))
        if len(kept) > 2 * POOL:
            self._cut(kept)

    def _cut(self, kept: list[tuple[bytes, Item]]) -> None:
        kept.sort(key=lambda pair: pair[0])
        del kept[POOL:]

    def samples(self, source: Source) -> Iterator[Sample]:
        for kept in self._kept.values():
            self._cut(kept)
            for _, item in kept:
                try:
                    yield source.judge(item)
                except Unfit:  # an example that cannot be used is not missed
                    continue


def _give(found: Gathered, given: Source) -> None:
    wanted = {sample.id for sample in (*found.asked, *found.examples)}
    for item in given.items():
        if item.written is not None and str(item.written.record.get("id")) in wanted:
            record = item.written.record
            turns = record.get("messages") or [{"content": record.get("answer", "")}]
            found.given[str(record["id"])] = turns[-1]["content"]
    without = [sample for sample in found.asked if not found.given.get(sample.id)]
    if without:
        found.left_out["there is nothing to give beside it"] += len(without)
        found.asked = [sample for sample in found.asked if found.given.get(sample.id)]
    found.examples = [sample for sample in found.examples if found.given.get(sample.id)]
