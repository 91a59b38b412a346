"""The samples at whatever path a person names, for commands that only look: bad records are counted, not refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadRecord, Complaint, UsageError
from medgpt_cli.core.types import Sample
from medgpt_cli.data.prepared.opening import PreparedSet, is_prepared, samples_of
from medgpt_cli.data.prepared.raw import source_at


@dataclass
class Found:
    """What stands at a path.

    Attributes:
        path: As the person named it.
        kind: `prepared set`, `records`, or the adapter's name.
        access: The access class of each source, by its name or path.
        manifest: Of a prepared set; empty for anything else.
        image_root: The folder image paths are relative to; its own when None.
        faults: Complaints about records that were left out so far.
    """

    path: Path
    kind: str
    access: dict[str, str]
    manifest: dict[str, Any]
    image_root: Path | None = None
    faults: int = 0

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """The samples of a split, or of all, in order.

        Raises:
            BadRecord: There is none.
            UsageError: A prepared set has no such split.
        """
        some = False
        for sample in self._all(split):
            if split in (None, sample.split):
                some = True
                yield sample
        if not some:
            raise BadRecord(
                "holds no usable record" + (f" of the split {split}" if split else ""),
                where=str(self.path),
                repair="medgpt data check names every fault",
            )

    def _bad(self, complaint: Complaint) -> None:
        self.faults += 1

    def _all(self, split: str | None) -> Iterator[Sample]:
        if not self.manifest:
            return samples_of(self.path, image_root=self.image_root, on_bad=self._bad)
        prepared = PreparedSet.open(self.path)
        if split is not None and split not in prepared.splits:
            raise UsageError(
                f"{self.path} has no split {split}", repair=f"it has {', '.join(prepared.splits)}"
            )
        return prepared.samples(split)


def find_samples(path: Path, *, image_root: Path | None = None) -> Found:
    """What stands at a path, not yet read.

    Raises:
        NotThere: There is nothing.
        InputError: A folder that is no prepared set and none that an adapter knows; or a set that is not finished.
    """
    if is_prepared(path):
        manifest = PreparedSet.open(path).manifest
        access = {each["path"]: each["access"] for each in manifest["sources"]}
        return Found(path, "prepared set", access, manifest)
    source = source_at(path, image_root=image_root)
    return Found(path, source.name, {str(path): source.access}, {}, image_root)
