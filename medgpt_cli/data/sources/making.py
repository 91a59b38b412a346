"""From one entry of a set to one record as written, its faults told and what every record carries filled in.

For sets that are not a few tables.  This module knows nothing of any set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.sources.adapter import Adapter, Written
from medgpt_cli.data.strict_json import refuse_control


def made(record: Callable[[], dict[str, Any]], place: Place, root: Path, **common: str) -> Written:
    """A record, or the reason why there is none.

    Args:
        record: Makes it; raises `Unfit` when it cannot be made.  Control characters in it are refused as in JSON.
        place: Where its entry stands.
        root: The folder image paths are relative to.
        common: Words every record of the set carries; the record's own win, and empty ones are left out.
    """
    try:
        found = record()
        refuse_control(found, "")
    except Unfit as error:
        return Written({}, place, root, told(error))
    return Written({**{key: word for key, word in common.items() if word}, **found}, place, root)


def read_some(adapter: Adapter, path: Path, splits: Collection[str]) -> Iterator[Written]:
    """The records of a set, those of other published splits left alone where they lie apart.

    Args:
        adapter: What reads it.
        path: The set.
        splits: Names of published splits; all when empty.
    """
    if splits and adapter.read_splits is not None:
        return adapter.read_splits(path, splits)
    return adapter.read(path)


def by_name_alone(_: Path) -> bool:
    """Detection of a variant: the folder is known as the set itself, and the variant has to be named."""
    return False


def told(error: Unfit) -> str:
    """Every fault of one entry on one line, fields named and values not."""
    return "; ".join(f"{fault.field} {fault.what}".strip() for fault in error.faults)
