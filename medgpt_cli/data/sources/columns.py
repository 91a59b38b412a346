"""Any table as records, by a map from our words to its columns.

    {"question": "Q", "answer": "A", "image": "path", "patient_id": "pid", "facet.modality": "Mod"}

The file may be JSONL, JSON, CSV, TSV, Parquet or Arrow; a folder may hold one kind of these, or be what
`datasets.save_to_disk` wrote.  This module knows the words and how they are written; which files a folder means is
`table_folders`' business, and whether a record is fit is for others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadRecipe, Complaint, InputError
from medgpt_cli.data.complaints import kind, unfit
from medgpt_cli.data.sources.adapter import Access, Adapter, Written
from medgpt_cli.data.sources.choices import answer_at, lettered, literal_list
from medgpt_cli.data.sources.making import by_name_alone, made
from medgpt_cli.data.sources.row import Row
from medgpt_cli.data.sources.rows import rows
from medgpt_cli.data.sources.shown import shown
from medgpt_cli.data.sources.table_folders import cache_of, tables_of

Columns = Mapping[str, str | Sequence[str]]
"""From our words to columns; options and images may name several."""

TEXTS = ("question", "answer", "prompt", "response", "caption", "text", "system", "thinking", "id", "patient_id",
         "study_id", "source", "licence", "split")  # fmt: skip
TURNS = ("messages", "conversations")
SEVERAL = ("images", "image", "options")
POSITIONS = {"answer_index": 0, "answer_number": 1}
"""The right option by its place, counted from 0 or from 1: sets do both, so the map has to say which."""
PREFIXES = ("facet.", "key.")

WORDS = (*TEXTS, *TURNS, *SEVERAL, *POSITIONS)


def mapped(path: Path, columns: Columns, root: Path) -> Iterator[Written]:
    """The records of a table, or of every table in a folder.

    Args:
        path: A file or folder.
        columns: From our words to columns.
        root: The folder image paths are relative to and may not leave; embedded pictures are named from it as well.

    Raises:
        BadRecipe: The map has words that are none, or that do not go together.
        BadRecord: A table cannot be read, or lacks a column.
        InputError: There is no table, or embedded pictures lie outside `root`.
    """
    refuse_words(columns)
    need = [name for names in columns.values() for name in _names(names)]
    for file, split in tables_of(path):
        base, relative = _below(file, root)
        prefix = "" if base == root else f"{root.absolute().relative_to(base).as_posix()}/"
        for number, (values, place) in enumerate(rows(file, columns=need), start=1):
            if set(values) == {""}:
                yield Written({}, place, root, values[""])
            elif None in values:  # the csv module's key for what stands beyond the last column
                yield Written({}, place, root, "has more fields than the header")
            else:
                record = partial(_record, Row(values, place, relative, base, split), columns, prefix)
                # A JSON array may stand on one line, so rows are told apart by their number.
                own = f"{relative}:{number}"
                yield made(record, place, base, id=own, split=split, source=file.name.split(".")[0])


def column_adapter(columns: Columns, root: Path | None = None) -> Adapter:
    """A map as an adapter, for whoever reads sets by adapters.

    Args:
        columns: As for `mapped`.
        root: As for `mapped`; the folder itself, or the file's, when None.

    Raises:
        BadRecipe: As `mapped` says.
    """
    refuse_words(columns)

    def read(path: Path) -> Iterator[Written]:
        beside = path if path.is_dir() else path.parent
        return mapped(path, columns, beside if root is None else root)

    return Adapter(
        name="columns",
        title="A table by a map of its columns",
        licence="as each record says",
        access=Access.LOCAL,
        home="",
        read=read,
        detect=by_name_alone,
        use=("align", "midtrain", "sft", "eval"),
    )


def refuse_words(columns: Columns) -> None:
    """Refuses a map that no record can come of.

    Raises:
        BadRecipe: With every word that is none or stands beside another that excludes it.
    """
    complaints = []
    for word in columns:
        plain = word in WORDS or any(word.startswith(p) and len(word) > len(p) for p in PREFIXES)
        if not plain:
            near = get_close_matches(word, [*WORDS, *PREFIXES], n=1)
            repair = (
                f"did you mean {near[0]}?"
                if near
                else f"words: {', '.join([*WORDS, 'facet.NAME', 'key.KIND'])}"
            )
            complaints.append(Complaint("is no word of a record", f"columns.{word}", repair))
        elif not _names(columns[word]) or (word not in SEVERAL and len(_names(columns[word])) > 1):
            complaints.append(
                Complaint("names no column, or several", f"columns.{word}", "name one column")
            )
    for one, other in (("image", "images"), ("answer", "answer_index"), ("answer", "answer_number"),
                       ("answer_index", "answer_number")):  # fmt: skip
        if one in columns and other in columns:
            complaints.append(
                Complaint(f"stands beside {other}", f"columns.{one}", "keep one of the two")
            )
    for word in POSITIONS:
        if word in columns and "options" not in columns:
            complaints.append(Complaint("has no options to count", f"columns.{word}", "map options too"))
    if complaints:
        raise BadRecipe("the map of columns cannot be used", complaints=complaints)


def _names(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _below(file: Path, root: Path) -> tuple[Path, str]:
    """The folder that a table's pictures are named from, and the table's path in it.

    The folder is `root`, but for the hub's cache: its files are links from `snapshots/` into `blobs/`, and pictures in
    one lie in both.
    """
    whole = file.absolute()
    if not whole.is_relative_to(root.absolute()):
        raise InputError(
            "lies outside the folder that image paths are relative to",
            where=str(file),
            repair="name a folder above both with --image-root",
        )
    base = cache_of(whole) if file.is_symlink() else None
    if base is not None and root.absolute().is_relative_to(base):
        return base, whole.relative_to(base).as_posix()
    return root, whole.relative_to(root.absolute()).as_posix()


def _record(row: Row, columns: Columns, prefix: str) -> dict[str, Any]:
    record: dict[str, Any] = {}
    facets: dict[str, str] = {}
    keys: list[str] = []
    for word, names in columns.items():
        first = _names(names)[0]
        if word in TEXTS:
            if row.word(first):
                record[word] = row.word(first)
        elif word in TURNS:
            record[word] = row.values[first]
        elif word == "options":
            record[word] = _options(row, _names(names))
        elif word in ("image", "images"):
            if images := _images(row, _names(names), prefix):
                record["images"] = images
        elif word.startswith("facet.") and row.word(first):
            facets[word.removeprefix("facet.")] = row.word(first)
        elif word.startswith("key.") and row.word(first):
            keys.append(f"{word.removeprefix('key.')}:{row.word(first)}")
    for word, counted_from in POSITIONS.items():
        if word in columns:
            name = _names(columns[word])[0]
            record["answer"] = answer_at(row.values[name], record["options"], counted_from, name)
    return record | ({"facets": facets} if facets else {}) | ({"keys": keys} if keys else {})


def _options(row: Row, names: list[str]) -> dict[str, str]:
    if len(names) > 1:
        return lettered([text for name in names if (text := row.word(name))])
    value = row.values[names[0]]
    return lettered(literal_list(value, names[0]) if type(value) is str else value)


def _images(row: Row, names: list[str], prefix: str) -> list[str]:
    """Paths as written and embedded pictures, column by column; nulls and empty texts are no pictures."""
    found: list[str] = []
    for name in names:
        value = row.values[name]
        if value is None or value == "" or value == []:
            continue
        if type(value) in (bool, int):
            found += shown(row, name)
        elif type(value) is str:
            found.append(f"{prefix}{value}")
        elif type(value) is list and all(type(item) is str for item in value):
            found += [f"{prefix}{name}" for name in value]
        else:
            raise unfit(name, f"is {kind(value)} where paths of pictures belong")
    return found
