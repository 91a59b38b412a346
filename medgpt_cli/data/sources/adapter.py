"""What an adapter is: a public or local data set as it lies on disk, told as records of our own form.

An adapter is data about a set (name, licence, access class, the files it is known by) and one function from a folder
to written records.  It converts; it does not judge: whether a record is fit, and whether its image opens, is for
`records` and `images`.  Nothing is fetched, and nothing in the set's folder is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from medgpt_cli.core.types import Place


class Access(StrEnum):
    """Under which terms a set can be had; carried into the manifest of whatever is made from it."""

    OPEN = "open"
    RESEARCH = "research"
    """Open to download, for non-commercial or research use only."""
    RESTRICTED = "restricted"
    """By request or agreement."""
    CREDENTIALED = "credentialed"
    """Named, trained and approved persons only (PhysioNet)."""
    LOCAL = "local"
    """One's own data."""


@dataclass(frozen=True, slots=True)
class Written:
    """One record as an adapter writes it, not yet checked.

    Attributes:
        record: One of the forms of a record (`data.forms`), with `keys` and `facets` where the set has them; image
            paths are relative to `root`.
        place: The file and line (row from 1) it came from.
        root: The folder its image paths are relative to and may not leave.
        fault: What is wrong with the row so that no record could be made of it, or an empty string; never a value.
    """

    record: dict[str, Any]
    place: Place
    root: Path
    fault: str = ""


Read = Callable[[Path], Iterator[Written]]
"""From the set's folder (or file) to its records, in the files' order, with bounded memory."""
ReadSplits = Callable[[Path, Collection[str]], Iterator[Written]]
"""As `Read`, and what is told to be of none of these published splits is not read; other records may still come."""
Detect = Callable[[Path], bool]
"""Whether a folder (or file) is this set; looks at names and headers only."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One data set.

    Attributes:
        name: The word a person types, such as `pmc-vqa`.
        title: The set's published name.
        licence: As its source states it, or `not established`.
        access: Under which terms it can be had.
        home: Where it comes from; printed, never opened.
        read: From the folder to records, every published split in turn (`split` in each record).
        detect: Whether a folder is this set.
        use: What it is commonly used for: any of align, midtrain, sft, eval.
        read_splits: As `read`, for some published splits; None where nothing lies apart by split.
        verified: False where the published layout could not be established; its columns are checked when read.
    """

    name: str
    title: str
    licence: str
    access: Access
    home: str
    read: Read
    detect: Detect
    use: tuple[str, ...]
    verified: bool = True
    read_splits: ReadSplits | None = None
