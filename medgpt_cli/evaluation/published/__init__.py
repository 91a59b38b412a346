"""Numbers that others published, to be printed beside ours with what is known of how they were made.

One YAML file for each place they were published in.  They are reported numbers, not targets: the same model differs by
more than fifteen points between protocols, so a row names its own and never stands alone.  This package knows nothing
of our runs.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from medgpt_cli.core.errors import UsageError
from medgpt_cli.evaluation.published.reading import Row, rows_in

__all__ = ["Row", "rows", "sets"]

PROTOCOLS_DIFFER = (
    "Published numbers were made under other protocols (prompt, items, scorer); "
    "they show where the field stands, not who is better."
)
"""What is printed with every such row."""


@cache
def _all() -> tuple[Row, ...]:
    sheets = sorted(
        (sheet for sheet in files(__name__).iterdir() if sheet.name.endswith(".yaml")),
        key=lambda sheet: sheet.name,
    )
    return tuple(
        row for sheet in sheets for row in rows_in(sheet.name, sheet.read_text(encoding="utf-8"))
    )


def sets() -> list[str]:
    """The sets of which there are published numbers, in alphabetical order."""
    return sorted({row.set for row in _all()})


def rows(task: str) -> list[Row]:
    """The published numbers of a task.

    Args:
        task: A task or a set; `slake-zh` finds the rows of `slake`, and `mimic-cxr-impression-of-findings` those of
            `impression-of-findings`, for a table seldom says which part it means.

    Returns:
        The rows, in the order of their files.

    Raises:
        UsageError: When there is none.
    """
    name = f"-{task.lower().replace('_', '-')}-"
    found = next((known for known in sets() if f"-{known}-" in name), "")
    if not found:
        near = get_close_matches(task.lower(), sets(), 3, 0.5) or sets()
        raise UsageError(f"no published number of {task} is recorded", repair=f"try {', '.join(near)}")
    return [row for row in _all() if row.set == found]
