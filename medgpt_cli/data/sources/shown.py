"""The pictures that lie as bytes in a row of Parquet or Arrow, by the references that name them.

`rows` tells how many there are; null-padded columns and empty lists give none.  This module knows nothing of bytes.
"""

from __future__ import annotations

from medgpt_cli.data.sources.row import Row


def shown(row: Row, *columns: str) -> list[str]:
    """References to the row's pictures, column by column and item by item."""
    found = []
    for column in columns:
        value = row.values.get(column)
        if value is True:
            found.append(row.embedded(column))
        elif type(value) is int:
            found += [f"{row.embedded(column)}&item={item}" for item in range(value)]
    return found
