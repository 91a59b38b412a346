"""What stands at a path before it is prepared: record files, or a data set as an adapter tells it, item by item.

An item is cheap to pass over and is judged only when it is asked for, so many processes may walk the same source and
each judge its own share.  A file that breaks off ends with one item that says so; what came before it counts.  This
module knows nothing of images, filters or splits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from medgpt_cli.core.errors import Complaint, InputError, NotThere
from medgpt_cli.core.types import Place, Sample
from medgpt_cli.data.complaints import Fault, Unfit, unfit
from medgpt_cli.data.images.paths import ImageRoot
from medgpt_cli.data.jsonl import named, numbered_lines
from medgpt_cli.data.marks import Resolve
from medgpt_cli.data.prepared.opening import PreparedSet, is_prepared
from medgpt_cli.data.records import read_line, read_record
from medgpt_cli.data.sources import registry
from medgpt_cli.data.sources.adapter import Access, Adapter, Written
from medgpt_cli.data.sources.columns import Columns, column_adapter
from medgpt_cli.data.sources.making import read_some
from medgpt_cli.data.sources.paragraphs import cut as cut_documents

RECORD_FILES = (".jsonl", ".json", ".jsonl.gz", ".json.gz")
RECORDS = "records"
"""What a source is called that holds records of our own forms and needs no adapter."""
PREPARED = "prepared"
"""What a prepared set is called that is read again."""


class Item(NamedTuple):
    """One record not yet judged: the text of a line, what an adapter wrote, a sample, or a fault."""

    place: Place
    line: bytes = b""
    written: Written | None = None
    sample: Sample | None = None
    fault: Fault | None = None


@dataclass(frozen=True)
class Source:
    """Something on disk that holds records.

    Attributes:
        path: As the person named it.
        adapter: None for records of our own forms.
        files: The record files, where there is no adapter.
        image_root: Replaces the folder that image paths are relative to.
        cap: Records read from its front at most.
        columns: The map that the adapter was made of, where it was.
        cut: Characters of a piece at most that long documents are cut into; None leaves them whole.
        prepared: The prepared set that is read again.
        splits: Published splits that are of use; what an adapter knows to be of others is not read.  All when empty.
    """

    path: Path
    adapter: Adapter | None = None
    files: tuple[Path, ...] = ()
    image_root: Path | None = None
    cap: int | None = None
    columns: Columns | None = None
    cut: int | None = None
    prepared: PreparedSet | None = None
    splits: tuple[str, ...] = ()
    _resolvers: dict[tuple[str, Path | None], Resolve] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def name(self) -> str:
        """The adapter's name, or `records`, or `prepared`."""
        if self.prepared:
            return PREPARED
        return self.adapter.name if self.adapter else RECORDS

    @property
    def licence(self) -> str:
        """As the set's source states it; records may say their own."""
        return self.adapter.licence if self.adapter else "as each record says"

    @property
    def access(self) -> str:
        """The access class; of a prepared set the strictest of its sources."""
        if self.prepared:
            classes = [access.value for access in Access if access is not Access.LOCAL]
            found = {each["access"] for each in self.prepared.manifest["sources"]}
            return next((name for name in reversed(classes) if name in found), Access.LOCAL.value)
        return (self.adapter.access if self.adapter else Access.LOCAL).value

    def items(self) -> Iterator[Item]:
        """Every record in order, unjudged."""
        if self.prepared:
            for sample in self.prepared.samples():
                yield Item(sample.place, sample=sample)
            return
        if self.adapter is None:
            for file in self.files:
                yield from _lines(file)
            return
        last = Place(str(self.path), 0)
        try:
            read = read_some(self.adapter, self.path, self.splits)
            for written in cut_documents(read, self.cut) if self.cut else read:
                last = written.place
                yield Item(written.place, written=written)
        except InputError as error:
            yield _broken(error, last.file)

    def judge(self, item: Item) -> Sample:
        """The sample of an item.

        Raises:
            Unfit: With everything wrong that could be told.
        """
        if item.fault:
            raise Unfit(item.fault)
        if item.sample:
            return item.sample
        if item.written is None:
            resolve = self._resolver(item.place.file, None)
            return read_line(item.line, item.place, resolve)[1]
        if item.written.fault:
            raise unfit("", item.written.fault)
        resolve = self._resolver("", item.written.root)
        return read_record(item.written.record, item.place, resolve)[1]

    def _resolver(self, file: str, root: Path | None) -> Resolve:
        """What resolves image paths, made once for each file or folder that names any."""
        found = self._resolvers.get((file, root))
        if found is None:
            folder = self.image_root or root or Path(file).parent
            found = self._resolvers[file, root] = ImageRoot(folder).resolve
        return found


def source_at(
    path: Path,
    *,
    adapter: str = "",
    columns: Columns | None = None,
    image_root: Path | None = None,
    cap: int | None = None,
    cut: int | None = None,
) -> Source:
    """What is to be read at a path.

    Args:
        path: A file or folder.
        adapter: The set's name, or `records`; detected when empty.
        columns: From our words to the columns of a table, which then needs no adapter of its own.
        image_root: Replaces the folder that image paths are relative to.
        cap: Records read from its front at most.
        cut: Characters of a piece at most that long documents are cut into; records of our own forms are then read
            as documents, and must have a text.

    Raises:
        NotThere: There is nothing.
        BadRecipe: The map of columns has words that are none.
        UsageError: No adapter has that name.
        InputError: Nothing says how it is to be read.
    """
    if not path.exists():
        raise NotThere("there is no such file or folder", where=str(path), repair="mend the path")
    if image_root is not None and not image_root.is_dir():
        raise NotThere(
            "there is no such folder for images", where=str(image_root), repair="mend image_root"
        )
    if adapter in ("", PREPARED) and is_prepared(path):
        return Source(path, cap=cap, prepared=PreparedSet.open(path))
    if columns:
        return Source(path, column_adapter(columns, image_root), (), None, cap, dict(columns), cut)
    if adapter and adapter != RECORDS:
        return Source(path, registry.find(adapter), (), image_root, cap, cut=cut)
    files = (path,) if adapter and not path.is_dir() else record_files(path)
    if not adapter:
        try:
            return Source(path, registry.detect(path), (), image_root, cap, cut=cut)
        except InputError:
            if not files:
                raise
    if not files:
        raise NotThere("holds no JSONL file", where=str(path), repair="name a file of records")
    if cut:
        return Source(path, registry.find("documents"), (), image_root, cap, cut=cut)
    return Source(path, None, files, image_root, cap)


def checked(source: Source) -> Iterator[Sample | list[Complaint]]:
    """Every record judged: a sample, or all complaints about it."""
    for item in source.items():
        try:
            yield source.judge(item)
        except Unfit as error:
            yield [complaint(fault, item.place) for fault in error.faults]


def complaint(fault: Fault, place: Place) -> Complaint:
    """A fault with its place; a file that is broken as a whole has no line."""
    where = str(place) if place.line else place.file
    return Complaint(
        fault.what, f"{where} {fault.field}".rstrip(), named(fault.repair, Path(place.file))
    )


def record_files(path: Path) -> tuple[Path, ...]:
    """The files of records of our own forms at a path, in the order they are read."""
    if not path.is_dir():
        return (path,) if path.name.lower().endswith(RECORD_FILES) else ()
    below = (item for item in sorted(path.rglob("*")) if item.name.lower().endswith(RECORD_FILES))
    return tuple(item for item in below if not item.is_dir() and not item.name.startswith("."))


def _lines(file: Path) -> Iterator[Item]:
    try:
        empty = True
        for number, raw in numbered_lines(file):
            empty = False
            yield Item(Place(str(file), number), line=raw)
    except InputError as error:
        yield _broken(error, str(file))
        return
    if empty:
        yield Item(
            Place(str(file), 0), fault=Fault("", "holds no records", "write one JSON object a line")
        )


def _broken(error: InputError, file: str) -> Item:
    """The item that ends a file nothing more can be read from."""
    path, _, line = error.where.rpartition(":")
    place = Place(path, int(line)) if path and line.isdecimal() else Place(error.where or file, 0)
    return Item(place, fault=Fault("", error.what, error.repair))
