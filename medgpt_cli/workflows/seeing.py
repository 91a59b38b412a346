"""Parts of a model that learn from pictures alone, where the records show none.

Texts never reach the tower and the projector.  A stage in which nothing else learns is refused before its first step;
in any other these parts stay as they are, and that is said and is no fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medgpt_cli.core.errors import BadRecord

SEEING = ("vision", "projector")
"""Parts that only pictures reach."""


def unreached(rows: Mapping[str, Any], pictures: int, paths: Sequence[str]) -> tuple[str, ...]:
    """The parts that are meant to learn and that no record reaches.

    Args:
        rows: The table of parts; `trained` counts what learns.
        pictures: That the training records show.
        paths: The files of the mix, as they were named.

    Raises:
        BadRecord: No record shows a picture, and nothing else learns.
    """
    idle = () if pictures else tuple(part for part in SEEING if rows[part].trained)
    if idle and not any(row.trained for part, row in rows.items() if part not in SEEING):
        raise BadRecord(
            f"no record shows a picture, and only {' and '.join(idle)} would learn, from pictures alone",
            where=", ".join(dict.fromkeys(paths)),
            repair="name records with images (image: PATH in a record), or learn from texts with medgpt midtrain",
        )
    return idle


def left_alone(parts: Sequence[str]) -> str:
    """What a person is told of the parts that no record reaches."""
    end = "stays as it is" if len(parts) == 1 else "stay as they are"
    return f"no record shows a picture, so {' and '.join(parts)} {end}"
