"""A value between 0 and 1 with its interval, as places on a strip: per cent of the strip's width.

Drawn in per cent, a strip is as wide as the page allows and its marks stay round.  This module knows nothing of HTML.
"""

from __future__ import annotations

from typing import NamedTuple

from medgpt_cli.evaluation.statistics.tables import between, number

TICKS = (0, 25, 50, 75, 100)
"""Where the lines behind the strips stand."""


class Strip(NamedTuple):
    """Places in per cent, 0 on the left.

    Attributes:
        value: Of the mark.
        low: Where the interval begins; None where there is none.
        high: Where it ends.
        beside: Of what the value is held against; None where that is nothing.
        label: The same in words, for those who hear the page.
    """

    value: float
    low: float | None
    high: float | None
    beside: float | None
    label: str


def strip(
    name: str,
    value: float | None,
    low: float | None,
    high: float | None,
    *,
    beside: float | None = None,
    called: str = "",
) -> Strip | None:
    """A strip; None for what is no share and so has no place between 0 and 1.

    Args:
        name: What is measured.
        value: Its value.
        low: Lower bound.
        high: Upper bound.
        beside: What the value is held against.
        called: What that is called.
    """
    if value is None or not 0 <= value <= 1:
        return None
    words = f"{name}: {number(value)}"
    bounded = low is not None and high is not None
    if bounded:
        words += f", 95 % interval {between(low, high)}"
    if beside is not None:
        words += f", {called} {number(beside)}"
    return Strip(
        100 * value,
        _percent(low) if bounded else None,
        _percent(high) if bounded else None,
        _percent(beside),
        words,
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * min(max(share, 0.0), 1.0)
