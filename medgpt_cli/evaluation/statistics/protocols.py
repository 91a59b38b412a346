"""What two protocol lines differ in, part by part; two scores under different ones are not comparable.

This module knows nothing of runs or files.
"""

from __future__ import annotations

from itertools import zip_longest

PARTS = ("questions", "prompt", "shots", "decoding", "scorer")
"""What stands between the slashes of a protocol line, in order."""

PROBE = "probe "
"""How the part begins that says which probe the questions were put to."""


def parts_of(protocol: str) -> tuple[list[str], str]:
    """The parts of a protocol line without its probe, and the probe's name or an empty string."""
    parts = protocol.split(" / ")
    probes = [part.removeprefix(PROBE) for part in parts if part.startswith(PROBE)]
    return [part for part in parts if not part.startswith(PROBE)], "".join(probes[:1])


def differences(first: str, second: str) -> list[tuple[str, str, str]]:
    """The parts that differ, as (what, in the first, in the second); a probe is no difference."""
    sides = parts_of(first)[0], parts_of(second)[0]
    if len(sides[0]) != len(sides[1]):
        return [("protocol", first, second)]
    pairs = zip_longest(PARTS, *sides, fillvalue="part")
    return [(what, one, other) for what, one, other in pairs if one != other]
