"""Reads one sheet of published numbers, strictly: what it does not know, it refuses.

    source: who published it, and when
    known_from: how the numbers came here, where not from the source itself
    tables:
      - table: where in the source
        metric: exact match
        better: higher
        scale: 100            # the number that means perfect; 1 for fractions
        protocol: as far as known
        note: of the whole table
        notes: {slake: of one set, "slake/MedGPT-oss-20B": of one number}
        values: {slake: {MedGPT-oss-20B: 71.53}}

This module knows nothing of which sheets there are.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, Literal

import msgspec

from medgpt_cli.core.errors import Complaint, InputError
from medgpt_cli.core.recipe.yaml12 import NotYAML, parse

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One published number.

    Attributes:
        set: The set it is about, written as our tasks are.
        model: As the source names it.
        metric: As the source names it.
        value: As printed there.
        scale: What a perfect score is printed as, 100 or 1; for a metric without a best value 1.
        better: Whether higher or lower is better.
        protocol: How it was made, as far as known.
        source: Who published it, and when.
        table: Where in the source.
        known_from: How the number came here; empty where from the source itself.
        note: What one has to know to read it; may be empty.
    """

    set: str
    model: str
    metric: str
    value: float
    scale: Literal[1, 100]
    better: Literal["higher", "lower"]
    protocol: str
    source: str
    table: str
    known_from: str = ""
    note: str = ""

    @property
    def share(self) -> float:
        """The value on a scale where a perfect score is 1."""
        return self.value / self.scale


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    table: str
    metric: str
    better: Literal["higher", "lower"]
    scale: Literal[1, 100]
    protocol: str
    values: dict[str, dict[str, float]]
    note: str = ""
    notes: dict[str, str] = msgspec.field(default_factory=dict)


class _Sheet(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    tables: list[_Table]
    known_from: str = ""


def rows_in(name: str, text: str) -> list[Row]:
    """The rows of one sheet.

    Args:
        name: The file's name, for messages.
        text: What stands in it.

    Raises:
        InputError: When anything in it is not as described above.
    """
    sheet = _sheet(name, text)
    rows = [row for table in sheet.tables for row in _rows(sheet, table)]
    complaints = [
        Complaint(what, f"{name} {row.set}/{row.model}") for row in rows for what in _faults(row)
    ]
    seen: set[tuple[str, str, str]] = set()
    for row in rows:
        key = (row.set, row.model, row.metric)
        if key in seen:
            complaints.append(Complaint(f"{row.metric} is given twice", f"{name} {row.set}/{row.model}"))
        seen.add(key)
    for table in sheet.tables:
        known = {
            place for group, values in table.values.items() for place in (group, *_places(group, values))
        }
        complaints += [
            Complaint("the note belongs to no number", f"{name} notes.{place}")
            for place in table.notes
            if place not in known
        ]
    if complaints:
        raise InputError(f"{name} is no sheet of published numbers", complaints=complaints)
    return rows


def _sheet(name: str, text: str) -> _Sheet:
    try:
        parsed = parse(text)
    except NotYAML as error:
        raise InputError(f"not YAML: {error}", where=f"{name}:{error.line}") from None
    if parsed.faults:
        faults = [Complaint(what, f"{name}:{line}") for line, _, what in parsed.faults]
        raise InputError(f"{name} cannot be read", complaints=faults)
    try:
        return msgspec.convert(parsed.tree, _Sheet)
    except msgspec.ValidationError as error:
        raise InputError(str(error), where=name) from None


def _places(group: str, values: dict[str, Any]) -> list[str]:
    return [f"{group}/{model}" for model in values]


def _rows(sheet: _Sheet, table: _Table) -> list[Row]:
    return [
        Row(
            set=group,
            model=model,
            metric=table.metric,
            value=value,
            scale=table.scale,
            better=table.better,
            protocol=table.protocol,
            source=sheet.source,
            table=table.table,
            known_from=sheet.known_from,
            note=" ".join(
                filter(
                    None,
                    (table.note, table.notes.get(group, ""), table.notes.get(f"{group}/{model}", "")),
                )
            ),
        )
        for group, values in table.values.items()
        for model, value in values.items()
    ]


def _faults(row: Row) -> list[str]:
    faults = [
        f"{field} is empty"
        for field in ("model", "metric", "protocol", "source", "table")
        if not getattr(row, field).strip()
    ]
    if not _SLUG.fullmatch(row.set):
        faults.append("the set is not written as a task is (small letters, digits, single hyphens)")
    if not isfinite(row.value) or row.value < 0 or (row.scale == 100 and row.value > 100):
        faults.append("the value is off its scale")
    return faults
