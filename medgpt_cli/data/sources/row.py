"""One row of a table as an adapter meets it: its values, where it stands, and what is asked of it again and again.

This module knows nothing of any set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import kind, unfit

ALSO = "also"
"""The facet that holds further right answers beside `answer`, one a line."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, and where it stands.

    Attributes:
        values: By column.
        place: File and row (from 1).
        file: The file relative to `root`, with / between folders.
        root: The set's folder.
        split: Of its table, or empty.
        picture: `image:xxh128/…` where the table ties rows by the bytes of an embedded picture, or empty.
    """

    values: dict[str, Any]
    place: Place
    file: str
    root: Path
    split: str = ""
    picture: str = ""

    @property
    def folder(self) -> str:
        """The name of the folder the file lies in; empty for one that lies in `root` itself."""
        return self.file.rpartition("/")[0].rpartition("/")[2]

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
        """As `text`, but empty when none is filled; a number is written out.

        Raises:
            Unfit: It is neither a text nor a number.
        """
        for column in columns:
            value = self.values.get(column)
            if type(value) is int or (type(value) is float and value == value):
                return str(value)
            if value is None or type(value) is float:  # pandas writes NaN where nothing is
                continue
            if type(value) is not str:
                raise unfit(column, f"is {kind(value)} where a text belongs")
            if not value.isspace() and value:
                return value.strip()
        return ""

    def embedded(self, column: str) -> str:
        """The picture that lies as bytes in this row of a Parquet file.

        Raises:
            Unfit: None lies there.
        """
        if not self.values.get(column, True):
            raise unfit(column, "is empty")
        return f"{self.file}#row={self.place.line - 1}&column={column}"

    def facets(self, **columns: str) -> dict[str, str]:
        """Facets by name, each from a column; those not filled are left out."""
        found = ((name, self.word(column)) for name, column in columns.items())
        return {name: word for name, word in found if word}


Record = Callable[[Row], dict[str, Any] | list[dict[str, Any]]]
"""From a row to its record, or to several; raises `Unfit` when it cannot become one."""


def answers(found: list[str]) -> tuple[str, dict[str, str]]:
    """Right answers as (the first, the facet with the others), blanks and repeats left out.

    Raises:
        Unfit: There is none.
    """
    distinct = list(dict.fromkeys(each.strip() for each in found if each.strip()))
    if not distinct:
        raise unfit("answer", "is empty")
    return distinct[0], {ALSO: "\n".join(distinct[1:])} if distinct[1:] else {}
