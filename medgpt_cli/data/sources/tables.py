"""A data set that is a few tables: which files, which columns, and one function from a row to a record.

    ADAPTER = table_adapter(
        name="pmc-vqa", title="PMC-VQA", licence="not established", access=Access.RESEARCH, home="…",
        use=("sft", "eval"), columns=("Figure_path", "Question"), record=_record,
        tables=(Table("train.csv", "train"), Table("test.csv", "test")),
    )

From that follow detection (a file of that name with those columns) and reading (every file in turn, columns checked
once a file, a row that cannot become a record told as such).  This module knows nothing of any set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadRecord, InputError
from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import Unfit, key_names, kind, unfit
from medgpt_cli.data.jsonl import numbered_lines
from medgpt_cli.data.sources.adapter import Access, Adapter, Written
from medgpt_cli.data.sources.heads import columns_of, has_columns
from medgpt_cli.data.sources.rows import rows

ALSO = "also"
"""The facet that holds further right answers beside `answer`, one a line."""


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of file of a set.

    Attributes:
        glob: Its path in the set's folder, `*` allowed in each part.
        split: The published split all its rows belong to, or empty.
        columns: What it must have, in place of the set's own `columns`; `a|b` needs either.
        names: Its columns where it has no header.  Such files are read without quoting, and the last column takes
            all that is left of the line.
        delimiter: Of a text table; by its ending when empty.
    """

    glob: str
    split: str = ""
    columns: tuple[str, ...] | None = None
    names: tuple[str, ...] = ()
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, and where it stands.

    Attributes:
        values: By column.
        place: File and row (from 1).
        file: The file relative to `root`, with / between folders.
        root: The set's folder.
        split: Of its table, or empty.
    """

    values: dict[str, Any]
    place: Place
    file: str
    root: Path
    split: str

    def text(self, *columns: str) -> str:
        """The first of these columns that is filled, without blanks around it.

        Raises:
            Unfit: None of them is, or it is no text.
        """
        word = self.word(*columns)
        if not word:
            raise unfit(columns[0], "is empty")
        return word

    def word(self, *columns: str) -> str:
        """As `text`, but empty when none is filled.

        Raises:
            Unfit: It is neither a text nor a whole number.
        """
        for column in columns:
            value = self.values.get(column)
            if type(value) is int:
                return str(value)
            if value is not None and type(value) is not str:
                raise unfit(column, f"is {kind(value)} where a text belongs")
            if value and value.strip():
                return value.strip()
        return ""

    def embedded(self, column: str) -> str:
        """The picture that lies as bytes in this row of a Parquet file."""
        return f"{self.file}#row={self.place.line - 1}&column={column}"

    def facets(self, **columns: str) -> dict[str, str]:
        """Facets by name, each from a column; those not filled are left out."""
        found = ((name, self.word(column)) for name, column in columns.items())
        return {name: word for name, word in found if word}


Record = Callable[[Row], dict[str, Any]]
"""From a row to a record; raises `Unfit` when it cannot become one."""


def table_adapter(
    *,
    name: str,
    title: str,
    licence: str,
    access: Access,
    home: str,
    use: tuple[str, ...],
    tables: Sequence[Table],
    record: Record,
    columns: tuple[str, ...] = (),
    called: tuple[str, ...] = (),
    verified: bool = True,
) -> Adapter:
    """The adapter of a set that is a few tables.

    Args:
        name: As in `Adapter`.
        title: As in `Adapter`.
        licence: As in `Adapter`.
        access: As in `Adapter`.
        home: As in `Adapter`.
        use: As in `Adapter`.
        tables: Its files, in the order they are read; a file belongs to the first that fits.
        record: From a row to a record.  `id`, `source`, `licence` and `split` are filled in where it leaves them out.
        columns: What each table must have, unless it says otherwise.
        called: Where files and columns are those of many a set: words one of which must stand in the folder's path
            (its last three parts) or its README.md for it to be detected.
        verified: As in `Adapter`.
    """

    def here(path: Path) -> list[tuple[Path, Table]]:
        return [
            (file, table)
            for file, table in _files(path, tables)
            if has_columns(_columns(file, table), _need(table, columns))
        ]

    def detect(path: Path) -> bool:
        return (not called or _is_called(path, called)) and bool(here(path))

    def read(path: Path) -> Iterator[Written]:
        files = _files(path, tables)
        if not files:
            raise InputError(
                f"holds no file of {name}; looked for {', '.join(table.glob for table in tables)}",
                where=str(path),
                repair="name the folder the set was unpacked into",
            )
        root = path if path.is_dir() else path.parent
        for file, table in files:
            _refuse_other_columns(file, table, _need(table, columns))
            relative = file.relative_to(root).as_posix()
            for values, place in _rows(file, table):
                yield _written(Row(values, place, relative, root, table.split), record, name, licence)

    return Adapter(name, title, licence, access, home, read, detect, use, verified)


def _need(table: Table, columns: tuple[str, ...]) -> tuple[str, ...]:
    return columns if table.columns is None else table.columns


def _files(path: Path, tables: Sequence[Table]) -> list[tuple[Path, Table]]:
    """The set's files, each with the first table it fits, in the tables' order."""
    found: dict[Path, Table] = {}
    for table in tables:
        if path.is_dir():
            fitting = sorted(path.glob(table.glob))
        else:
            fitting = [path] if fnmatch(path.name, Path(table.glob).name) else []
        for file in fitting:
            if file.is_file():
                found.setdefault(file, table)
    return list(found.items())


def _columns(file: Path, table: Table) -> tuple[str, ...]:
    return table.names or columns_of(file, table.delimiter)


def _refuse_other_columns(file: Path, table: Table, need: tuple[str, ...]) -> None:
    have = _columns(file, table)
    missing = [column.replace("|", " or ") for column in need if not has_columns(have, (column,))]
    if missing and have:
        raise BadRecord(
            f"lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; it has {key_names(have)}",
            where=str(file),
            repair="is this the published file? Name another adapter, or map the columns in a recipe",
        )


def _is_called(path: Path, called: tuple[str, ...]) -> bool:
    near = path.resolve()
    words = "/".join(near.parts[-3:]).lower()
    readme = (path if path.is_dir() else path.parent) / "README.md"
    if readme.is_file():
        words += readme.read_text("utf-8", errors="ignore").lower()
    return any(word in words for word in called)


def _rows(file: Path, table: Table) -> Iterator[tuple[dict[str, Any], Place]]:
    if not table.names:
        yield from rows(file, delimiter=table.delimiter)
        return
    for number, raw in numbered_lines(file):
        place = Place(str(file), number)
        try:
            line = raw.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            yield {"": "is not UTF-8"}, place
            continue
        fields = line.split(table.delimiter, len(table.names) - 1)
        if len(fields) < len(table.names):
            yield {"": f"has {len(fields)} of {len(table.names)} fields"}, place
        else:
            yield dict(zip(table.names, fields, strict=True)), place


def _written(row: Row, record: Record, name: str, licence: str) -> Written:
    """A row as a record, or as the reason why it cannot be one."""
    if "" in row.values and len(row.values) == 1:
        return Written({}, row.place, row.root, row.values[""])
    if None in row.values:  # the csv module's key for what stands beyond the last column
        return Written({}, row.place, row.root, "has more fields than the header")
    try:
        made = record(row)
    except Unfit as error:
        told = "; ".join(f"{fault.field} {fault.what}".strip() for fault in error.faults)
        return Written({}, row.place, row.root, told)
    common = {"id": f"{row.file}:{row.place.line}", "source": name, "licence": licence}
    if row.split:
        common["split"] = row.split
    return Written({**common, **made}, row.place, row.root)
