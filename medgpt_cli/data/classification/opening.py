"""From a path to a classification set that can be trained on, or everything that is wrong with it at once.

The form is told by the path: a `.npz` archive, a `.csv` table, a folder of folders.  This module knows nothing of
towers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medgpt_cli.core.errors import BadImage, BadRecord, Complaint, NotThere
from medgpt_cli.data.classification.archive import read_archive
from medgpt_cli.data.classification.folders import read_folders
from medgpt_cli.data.classification.sets import SPLITS, ClassificationSet, Example
from medgpt_cli.data.classification.splitting import part
from medgpt_cli.data.classification.table import read_table
from medgpt_cli.data.images.whole import verify_image

MOST = 1000
"""Classes; a table with more has something else in that column."""


def open_set(path: Path) -> ClassificationSet:
    """Reads, parts and checks a set.

    Args:
        path: An archive, a table or a folder.

    Raises:
        NotThere: There is no such file or folder.
        BadRecord: It cannot be read, or cannot be trained on.
        BadImage: Pictures cannot be opened; all of them are told.
    """
    if not path.exists():
        raise NotThere(
            "there is no such set", where=str(path), repair="name a .npz, a .csv, or a folder of folders"
        )
    readers = {".npz": ("npz", read_archive), ".csv": ("table", read_table)}
    form, read = ("folder", read_folders) if path.is_dir() else readers.get(path.suffix, ("", None))
    if read is None:
        raise BadRecord(
            "is no classification set that is read here",
            where=str(path),
            repair="a .npz as MedMNIST has it, a .csv with image,label, or a folder SET/label/picture",
        )
    labels, examples, opened = read(path)
    name = path.name if path.is_dir() else path.stem
    placed, told, notes = part(examples, str(path))
    _refuse_untrainable(labels, placed, str(path))
    if form != "npz":
        _refuse_unreadable(placed, str(path))
    return ClassificationSet(
        name, form, labels, placed, opened, told, (*notes, *_absent(labels, placed))
    )


def _refuse_untrainable(labels: Sequence[str], examples: Sequence[Example], where: str) -> None:
    if len(labels) < 2:
        raise BadRecord(
            "holds pictures of one class only", where=where, repair="two classes are the least"
        )
    if len(labels) > MOST:
        raise BadRecord(
            f"holds {len(labels)} classes, and {MOST} are the most",
            where=where,
            repair="look at its labels",
        )
    known = {example.label for example in examples if example.split == "train"}
    first: dict[int, Example] = {}
    for example in examples:
        if example.label not in known:
            first.setdefault(example.label, example)
    if first:
        raise BadRecord(
            f"{len(first)} of {len(labels)} labels have no picture in the training split",
            where=where,
            repair="add training pictures of them, or leave them out",
            complaints=[
                Complaint("has a label that the training split lacks", example.place)
                for example in first.values()
            ],
        )
    if empty := [name for name in SPLITS if all(example.split != name for example in examples)]:
        raise BadRecord(
            f"the {' and the '.join(empty)} split would be empty",
            where=where,
            repair="a class needs three patients or pictures to be parted",
        )


def _refuse_unreadable(examples: Sequence[Example], where: str) -> None:
    complaints = []
    for example in examples:
        try:
            verify_image(str(example.source))
        except BadImage as error:
            complaints.append(Complaint(error.what, example.place, error.repair))
    if complaints:
        raise BadImage(
            f"{len(complaints)} of {len(examples)} pictures cannot be opened",
            where=where,
            repair="mend them, or leave them out",
            complaints=complaints,
        )


def _absent(labels: Sequence[str], examples: Sequence[Example]) -> tuple[str, ...]:
    tested = {example.label for example in examples if example.split == "test"}
    lacking = len(labels) - len(tested)
    told = f"{lacking} of {len(labels)} classes have no test picture, and count as F1 0"
    return (told,) if lacking else ()
