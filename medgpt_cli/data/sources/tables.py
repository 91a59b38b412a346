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

from collections.abc import Collection, Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadRecord, InputError
from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import Unfit, key_names
from medgpt_cli.data.jsonl import numbered_lines
from medgpt_cli.data.sources.adapter import Access, Adapter, Written
from medgpt_cli.data.sources.embedded import picture_keys
from medgpt_cli.data.sources.heads import columns_of, has_columns, is_pointer
from medgpt_cli.data.sources.layout import Found, Table, exists, files_of
from medgpt_cli.data.sources.making import told
from medgpt_cli.data.sources.row import Record, Row
from medgpt_cli.data.sources.rows import rows
from medgpt_cli.data.strict_json import refuse_control

_JSON = (".json", ".jsonl", ".json.gz", ".jsonl.gz")
"""Files whose rows were held to strict JSON when they were read."""

__all__ = ["Row", "Table", "table_adapter"]


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
    yields_to: str = "",
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
        columns: What each table must have, unless it says otherwise; `a|b` needs either.
        called: Where files and columns are those of many a set: words one of which must stand in the last five parts
            of the file's path, or in a README.md beside it or one folder up, for the set to be detected.
        yields_to: A file by which another adapter knows the folder; where it lies, this one has to be named.
        verified: As in `Adapter`.
    """

    def detect(path: Path) -> bool:
        found = files_of(path, tables)
        return any(
            not (yields_to and exists(each.root, yields_to))
            and has_columns(_columns(each), _need(each.table, columns))
            and (not called or _is_called(each, called))
            for each in found
        )

    def read(path: Path, splits: Collection[str] = ()) -> Iterator[Written]:
        found = files_of(path, tables)
        if not found:
            raise InputError(
                f"holds no file of {name}; looked for {', '.join(table.glob for table in tables)}",
                where=str(path),
                repair="name the folder the set was unpacked into",
            )
        for each in found:
            if splits and each.table.split and each.table.split not in splits:
                continue
            need = _need(each.table, columns)
            _refuse_other_columns(each, need)
            before = 0
            for number, row in enumerate(_rows(each, need), start=1):
                line = row.place.line
                # An array on one line: every element begins on it.
                row_id = f"{row.file}:{line}" + (f"/{number}" if line == before else "")
                before = line
                yield from _written(row, row_id, record, name, licence)

    return Adapter(name, title, licence, access, home, read, detect, use, verified, read)


def _need(table: Table, columns: tuple[str, ...]) -> tuple[str, ...]:
    return columns if table.columns is None else table.columns


def _columns(found: Found) -> tuple[str, ...]:
    return found.table.names or columns_of(found.file, found.table.delimiter)


def _refuse_other_columns(found: Found, need: tuple[str, ...]) -> None:
    if is_pointer(found.file):
        raise BadRecord(
            "is a pointer of Git LFS and not the file itself",
            where=str(found.file),
            repair="fetch the files: git lfs pull",
        )
    have = _columns(found)  # nothing where the file cannot be read, and reading it will say why
    missing = [column.replace("|", " or ") for column in need if not has_columns(have, (column,))]
    if missing and have:
        raise BadRecord(
            f"lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; it has {key_names(have)}",
            where=str(found.file),
            repair="is this the published file? Name another adapter, or map the columns in a recipe",
        )


def _is_called(found: Found, called: tuple[str, ...]) -> bool:
    words = "/".join(found.file.absolute().parts[-5:]).lower()
    for folder in found.file.absolute().parents[:2]:
        if (folder / "README.md").is_file():
            words += (folder / "README.md").read_text("utf-8", errors="ignore").lower()
    return any(word in words for word in called)


def _rows(found: Found, need: tuple[str, ...]) -> Iterator[Row]:
    """Rows that have all the columns they need; JSON may leave one out of any record, which reads as null."""
    table, file = found.table, found.file
    found_rows = _lines(file, table) if table.names else rows(file, delimiter=table.delimiter)
    pictures = picture_keys(file, table.tied) if table.tied else repeat("")
    plain = [column for column in need if "|" not in column]
    for values, place in found_rows:
        if "" not in values:  # the rows that tell a fault hold nothing else
            for column in plain:
                values.setdefault(column, None)
        yield Row(values, place, found.relative, found.root, table.split, next(pictures, ""))


def _lines(file: Path, table: Table) -> Iterator[tuple[dict[str, Any], Place]]:
    """Rows of a file without a header, its columns named by the table and nothing quoted."""
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


def _written(row: Row, row_id: str, record: Record, name: str, licence: str) -> Iterator[Written]:
    """The records of a row, or the reason why it has none."""
    fault = ""
    made: list[dict[str, Any]] = []
    if "" in row.values and len(row.values) == 1:  # a CSV of pandas has an unnamed column among others
        fault = row.values[""]
    elif None in row.values:  # the csv module's key for what stands beyond the last column
        fault = "has more fields than the header"
    else:
        try:
            given = record(row)
            made = given if isinstance(given, list) else [given]
            if not row.file.endswith(_JSON):
                for each in made:
                    refuse_control(each, "")
        except Unfit as error:
            fault, made = told(error), []
    if fault:
        yield Written({}, row.place, row.root, fault)
    common = {"source": name, "licence": licence} | ({"split": row.split} if row.split else {})
    for number, each in enumerate(made):
        tail = f".{number}" if len(made) > 1 else ""
        yield Written({"id": f"{row_id}{tail}", **common, **each}, row.place, row.root)
