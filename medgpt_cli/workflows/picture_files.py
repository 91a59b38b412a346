"""The picture files that records show, by their hashes: what a run keeps of them, and whether they are still the same.

A picture is told by where it is shown first, `local.jsonl:17 images[1]`, and never by its name, which may be a
patient's.  The list stands beside the manifest, one hash a line in the order of first use; the manifest has their
number and the hash of the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from medgpt_cli.core import console, files
from medgpt_cli.core.cache import cache_dir
from medgpt_cli.core.errors import Complaint, HashMismatch
from medgpt_cli.core.types import Place
from medgpt_cli.data.images.hashing import UNREADABLE, hash_files
from medgpt_cli.data.images.references import read_reference
from medgpt_cli.data.prepared.opening import PreparedSet

LIST = "pictures.sha256"
"""In a run folder: the hash of every picture file, in hexadecimal."""
FOLDER = "pictures"
"""In the cache folder."""
CHANGED = "is not the picture it was"


class Showing(Protocol):
    """A record or a question, which shows pictures."""

    @property
    def place(self) -> Place:
        """Where it stands."""

    @property
    def images(self) -> Sequence[str]:
        """Paths, perhaps with a `#`."""


@dataclass(frozen=True)
class PictureFiles:
    """Picture files in the order of their first use.

    Attributes:
        hashes: SHA-256 of each.
        uses: Record and number of the image that shows it first.
    """

    hashes: list[bytes]
    uses: list[tuple[Place, int]]

    @classmethod
    def of(cls, records: Iterable[Showing]) -> PictureFiles:
        """Hashes what records show, each file once."""
        first: dict[str, tuple[Place, int]] = {}
        for record in records:
            for index, image in enumerate(record.images):
                first.setdefault(read_reference(image).path, (record.place, index))
        found = hash_files(list(first), cache_dir() / FOLDER) if first else ()
        return cls(list(found), list(first.values()))

    def told(self) -> dict[str, Any]:
        """What a manifest says of them."""
        return {"files": len(self.hashes), "sha256": hashlib.sha256(b"".join(self.hashes)).hexdigest()}

    def keep(self, run: Path) -> None:
        """Writes the list into a run folder, where there are any."""
        if self.hashes:
            files.write_text(run / LIST, "".join(f"{each.hex()}\n" for each in self.hashes))


def refuse_changed(run: Path, before: Mapping[str, Any] | None, now: PictureFiles) -> None:
    """Refuses to go on with a run whose records show other pictures than they did.

    Args:
        run: The run folder.
        before: What its manifest says of the pictures; None where it is of a time when nothing was said.
        now: What the same records show.

    Raises:
        HashMismatch: Names where changed pictures are shown.
    """
    if before == now.told():
        return
    if before is None:
        console.warn(f"{run} kept no hashes of its pictures: whether they are the same is not known")
        return
    kept = _kept(run, before)
    repair = "restore them, or start anew with another --out"
    if kept is None or len(kept) != len(now.hashes):
        raise HashMismatch(
            f"the records show {len(now.hashes):,} pictures that are not the {before['files']:,} that {run} was "
            "begun with",
            repair=repair,
        )
    raise mismatch(
        [use for use, one, other in zip(now.uses, now.hashes, kept, strict=True) if one != other],
        f"that {run} was begun with",
        repair=repair,
    )


def refuse_changed_pictures(prepared: PreparedSet, split: str | None = None) -> None:
    """Compares the pictures that a prepared set references with the hashes in its rows.

    Args:
        prepared: A set whose shards are those its manifest names.
        split: One split; all when None.  A file that cannot be read is nothing to compare.

    Raises:
        HashMismatch: Names where changed pictures are shown.
    """
    first: dict[str, tuple[Place, int]] = {}
    promised: list[bytes] = []
    for place, index, reference, sha256 in prepared.pictures(split):
        file = read_reference(reference).path
        if file not in first:
            first[file] = place, index
            promised.append(bytes.fromhex(sha256))
    now = hash_files(list(first), cache_dir() / FOLDER)
    changed = [
        use
        for use, one, other in zip(first.values(), promised, now, strict=True)
        if other not in (one, UNREADABLE)
    ]
    if changed:
        raise mismatch(
            changed,
            "that the set was prepared of",
            where=str(prepared.folder),
            repair="restore them, or prepare the set again; output.images=embed keeps pictures in the set",
        )


def mismatch(
    uses: Sequence[tuple[Place, int]], than: str, *, where: str = "", repair: str
) -> HashMismatch:
    """The refusal of pictures that were changed.

    Args:
        uses: Where each is shown first.
        than: Which ones they should be: `that RUN was begun with`.
        where: What holds the records, where the places do not say it.
        repair: What to do.
    """
    count = len(uses)
    what = "1 picture is not the one" if count == 1 else f"{count:,} pictures are not those"
    return HashMismatch(
        f"{what} {than}",
        where=where,
        repair=repair,
        complaints=[Complaint(CHANGED, f"{place} images[{index}]") for place, index in uses],
    )


def _kept(run: Path, promised: Mapping[str, Any]) -> list[bytes] | None:
    """The list in a run folder; None where it is not the one the manifest names."""
    try:
        found = [bytes.fromhex(line) for line in (run / LIST).read_text().split()]
    except (OSError, ValueError):
        return None
    return found if PictureFiles(found, []).told() == promised else None
