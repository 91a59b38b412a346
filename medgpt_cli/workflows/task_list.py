"""The tasks there are, which can be read here, and what to put where for the others.

Counting reads what would be asked of every set that was found; nothing a record says is printed.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medgpt_cli.core import console, tables
from medgpt_cli.core.errors import InputError, NotThere
from medgpt_cli.core.wording import counted
from medgpt_cli.data.prepared.raw import source_at
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.registry import find as find_adapter
from medgpt_cli.evaluation.tasks import catalogue
from medgpt_cli.evaluation.tasks.declaration import Declaration, read_declaration
from medgpt_cli.workflows.task_files import DECLARED
from medgpt_cli.workflows.task_places import Place, place_of
from medgpt_cli.workflows.task_records import Tally, tally

HEADS = ("task", "kind", "here", "published", "access", "licence", "where")
SHORTEST = 12
"""Columns that a licence must have to say anything."""


@dataclass
class _Row:
    """One task, and what was found of it."""

    name: str
    declared: Declaration
    beside: Path = Path()
    place: Place | None = None
    missing: str = ""
    found: Tally = field(default_factory=Tally)

    @property
    def readable(self) -> bool:
        return bool(self.found.asked) and not self.found.faults


def list_tasks(names: Sequence[str] = (), *, data: Path, json: bool) -> None:
    """Prints the tasks.

    Args:
        names: Tasks, or files that declare one, to be told of at length; a table of all tasks when empty.
        data: The folder their sets lie in or below.
        json: Print one JSON document.

    Raises:
        UsageError: There is no such task.
        NotThere: There is no such file or folder.
        BadRecipe: A file that declares a task is wrong.
    """
    if not data.is_dir():
        raise NotThere("there is no such folder", where=str(data), repair="mend --data")
    rows = [_row(name) for name in names or catalogue.names()]
    _look(rows, data)
    if json:
        console.print_json({"data": str(data), "tasks": [_document(row) for row in rows]})
    elif names:
        page = console.result()
        page.print("\n\n".join(_at_length(row, page.width) for row in rows), soft_wrap=True)
    else:
        page = console.result()
        page.print(_table(rows, data, page.width), soft_wrap=True)


def _row(word: str) -> _Row:
    if word not in catalogue.names() and Path(word).suffix in DECLARED:
        return _Row(word, read_declaration(Path(word)), Path(word).parent)
    return _Row(word, catalogue.find(word))


def _look(rows: Sequence[_Row], data: Path) -> None:
    together: defaultdict[tuple[str, Path], list[_Row]] = defaultdict(list)
    for row in rows:
        try:
            if row.declared.records:
                together["", row.beside / row.declared.records].append(row)
            else:
                row.place = place_of(row.name, row.declared, data)
                together[row.place.adapter.name, row.place.folder].append(row)
        except InputError as error:
            row.missing = f"{error.what}; {error.repair}"
    for (adapter, folder), same in together.items():
        console.say(f"reading {folder}")
        tallied = tally([row.declared for row in same], source_at(folder, adapter=adapter))
        for row, found in zip(same, tallied, strict=True):
            row.found = found
            row.missing = "" if row.readable else _why(row)


def _why(row: _Row) -> str:
    if row.found.faults:
        rows = sum(row.found.faults.values())
        return f"{counted(rows, 'row')} cannot be asked: {', '.join(sorted(row.found.faults))}"
    mend = f"put {row.declared.put} there" if row.declared.put else "mend splits and filters"
    return f"no row is a question of this task; {mend}"


def _table(rows: Sequence[_Row], data: Path, width: int) -> str:
    lines = []
    for row in rows:
        adapter = find_adapter(row.declared.reads[0])
        where = str(row.place.folder) if row.place else "-"
        asked = f"{row.found.asked:,}" if row.readable else "-"
        known = f"{row.declared.published:,}" if row.declared.published else "-"
        lines.append((row.name, row.declared.kind, asked, known, adapter.access, adapter.licence, where))
    ready = sum(row.readable for row in rows)
    parts = [*_fitted(lines, width), f"{ready} of {counted(len(rows), 'task')} can be read from {data}"]
    if absent := _absent(rows, width):
        parts += [f"what is not in {data} or a folder below it, and where it comes from:", *absent]
    broken = [(row.name, row.missing) for row in rows if row.place and not row.readable]
    if broken:
        parts.append("found, but not to be asked:\n" + tables.aligned(("task", "because"), broken))
    return "\n\n".join(parts)


def _fitted(lines: Sequence[tuple[str, ...]], width: int) -> list[str]:
    """The table; in a terminal too narrow for it, places stand below and licences are shortened or left to others."""
    right = (HEADS.index("here"), HEADS.index("published"))
    whole = tables.aligned(HEADS, lines, right=right)
    if max(map(len, whole.splitlines())) <= width:
        return [whole]
    bare = tables.aligned(HEADS[:-2], [line[:-2] for line in lines], right=right)
    room = width - max(map(len, bare.splitlines())) - 2
    if room < SHORTEST:
        table, left_to = bare, "its licence"
    else:
        cut = [(*line[:-2], textwrap.shorten(line[-2], room, placeholder=" …")) for line in lines]
        table, left_to = tables.aligned(HEADS[:-1], cut, right=right), "the whole licence"
    lying: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines:
        if line[-1] != "-":
            lying[line[-1]].append(line[0])
    places = [
        tables.folded(f"{where}\n  {', '.join(names)}", width, indent="  ")
        for where, names in lying.items()
    ]
    told = f"medgpt eval list TASK tells {left_to}, measures and traps"
    found = ["\n".join(["found in", *places])] if places else []
    return [table, *found, told]


def _absent(rows: Sequence[_Row], width: int) -> list[str]:
    """What to put where, tasks of one set together."""
    tasks: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        if not row.place:
            tasks[row.declared.put, find_adapter(row.declared.reads[0]).home].append(row.name)
    return [
        tables.folded(f"{put}\n  for {', '.join(names)}\n  from {home}", width, indent="      ")
        for (put, home), names in tasks.items()
    ]


def _at_length(row: _Row, columns: int) -> str:
    """Everything about one task that a person may want to know before asking it."""
    document = _document(row)
    traps = document.pop("traps")
    if row.readable:
        del document["put"]
    lines = [
        (
            name.replace("_", " "),
            ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value),
        )
        for name, value in document.items()
        if value not in ("", None, [], (), {})
    ]
    width = max(len(name) for name, _ in lines)
    told = [*lines, *(("handled", trap) for trap in traps)]
    return "\n".join(
        tables.folded(f"{name.ljust(width)}  {value}", columns, indent=" " * (width + 2))
        for name, value in told
    )


def _document(row: _Row) -> dict[str, Any]:
    declared = row.declared
    where = str(row.place.folder) if row.place else ""
    if declared.records:
        where, from_set = str(row.beside / declared.records), {"access": Access.LOCAL.value}
    else:
        adapter = row.place.adapter if row.place else find_adapter(declared.reads[0])
        from_set = {
            "adapter": adapter.name,
            "home": adapter.home,
            "licence": adapter.licence,
            "access": adapter.access.value,
        }
    return {
        "task": row.name,
        "version": declared.version,
        "title": declared.title,
        "kind": declared.kind.value,
        "readable": row.readable,
        "questions": row.found.asked,
        "published": declared.published,
        "left_out": dict(row.found.left_out),
        "where": where,
        "missing": row.missing,
        "put": declared.put,
        **from_set,
        "splits": list(declared.splits),
        "profiles": list(declared.prompts),
        "shots_from": list(declared.shots_from),
        "max_new_tokens": declared.limit,
        "measures": list(declared.measured),
        "cluster": declared.cluster,
        "in_distribution_after": list(declared.sources),
        "traps": list(declared.traps),
    }
