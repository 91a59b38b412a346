"""What is wrong with one record, field by field, in words that hold no clinical text.

A reader raises `Unfit`; `records` adds the file and the line.  Values never stand in a message.  Keys do, but only
those that look like the name of a column: a file keyed by patients' names is not read out.  This module knows
nothing of forms or files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

KEYS_SHOWN = 8
_COLUMN = re.compile(r"[a-z][a-z_]{0,30}\d{0,2}")


class Fault(NamedTuple):
    """One thing wrong in one field of one record."""

    field: str
    what: str
    repair: str = ""


class Unfit(Exception):
    """A record that cannot be used, with every fault found in it."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__()
        self.faults = faults


def unfit(field: str, what: str, repair: str = "") -> Unfit:
    """The common case: one fault."""
    return Unfit(Fault(field, what, repair))


def key_name(key: str) -> str:
    """A key as a message may show it."""
    return key if _COLUMN.fullmatch(key) else "(a key not shown)"


def key_names(keys: Iterable[str]) -> str:
    """Keys as a message may show them; those that do not look like column names are only counted."""
    keys = list(keys)
    shown = [key for key in keys if _COLUMN.fullmatch(key)][:KEYS_SHOWN]
    hidden = len(keys) - len(shown)
    if not shown:
        return f"{hidden} not shown" if hidden else "none"
    return ", ".join(shown) + (f" and {hidden} more" if hidden else "")


def kind(value: Any) -> str:
    """The JSON kind of a value, with its article."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def text_of(value: Any, field: str) -> str:
    """The value, which must be a text that says something.

    Raises:
        Unfit: It is no text, or an empty one.
    """
    if type(value) is not str:
        raise unfit(field, f"is {kind(value)} where a text belongs", "write it in quotes")
    if not value or value.isspace():
        raise unfit(field, "is empty", "fill it in, or leave the record out")
    return value
