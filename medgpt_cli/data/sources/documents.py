"""Books, notes and other long documents as JSON lines with a `text`: for what is to be cut to a length.

Words a record may carry are kept, other columns are not, so that a table of notes with columns of its own is read as
it is.  Without cutting, such files are records of our own form and need no adapter.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import InputError
from medgpt_cli.data.complaints import text_of
from medgpt_cli.data.forms import OPTIONAL, TIES
from medgpt_cli.data.sources.adapter import Access, Adapter, Written
from medgpt_cli.data.sources.making import by_name_alone, made
from medgpt_cli.data.sources.rows import rows

_ENDINGS = (".jsonl", ".jsonl.gz", ".json", ".json.gz")
_KEPT = ("text", "images", "image", *sorted(OPTIONAL | TIES))


def _read(path: Path) -> Iterator[Written]:
    files = (
        [file for file in sorted(path.iterdir()) if file.name.endswith(_ENDINGS)]
        if path.is_dir()
        else [path]
    )
    if not files:
        raise InputError(
            "holds no JSON lines", where=str(path), repair=f"looked for {', '.join(_ENDINGS)}"
        )
    root = path if path.is_dir() else path.parent
    for file in files:
        for number, (row, place) in enumerate(rows(file), start=1):
            if set(row) == {""}:
                yield Written({}, place, root, row[""])
            else:
                yield made(
                    partial(_record, row),
                    place,
                    root,
                    id=f"{file.name}:{number}",
                    source=file.name.split(".")[0],
                )


def _record(row: dict[str, Any]) -> dict[str, Any]:
    text_of(row.get("text"), "text")
    return {word: row[word] for word in _KEPT if row.get(word) is not None}


ADAPTER = Adapter(
    name="documents",
    title="Long documents as JSON lines with a text",
    licence="as each record says",
    access=Access.LOCAL,
    home="",
    read=_read,
    detect=by_name_alone,
    use=("midtrain",),
)
