"""What two protocol lines differ in, part by part; two scores under different ones are not comparable.

This module knows nothing of runs or files.
"""

from __future__ import annotations

PARTS = ("questions", "prompt", "shots", "decoding", "scorer")
"""What stands between the slashes of a protocol line, in order."""


def differences(first: str, second: str) -> list[tuple[str, str, str]]:
    """The parts that differ, as (what, in the first, in the second); the whole lines where they have other parts."""
    sides = first.split(" / "), second.split(" / ")
    if first != second and {len(side) for side in sides} != {len(PARTS)}:
        return [("protocol", first, second)]
    pairs = zip(PARTS, *sides, strict=False)
    return [(what, one, other) for what, one, other in pairs if one != other]
