"""Fields of which one stands in the place of another: the later layer that names one empties the other.

Both in one layer contradict each other and are refused.  This module knows nothing of what the values mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from medgpt_cli.core.recipe.layers import Fault, Sheet, dotted
from medgpt_cli.core.recipe.yaml12 import Keys

ALTERNATIVES: tuple[tuple[Keys, Keys], ...] = ((("train", "batch_size"), ("train", "batch_tokens")),)
"""Pairs of fields of which exactly one has a value."""


def settle(sheet: Sheet) -> Iterator[Fault]:
    """Empties of each pair the field that an earlier layer wrote; to be called after each layer.

    Args:
        sheet: The values so far; changed.

    Yields:
        The pairs that one layer gives both of.
    """
    for pair in ALTERNATIVES:
        if any(sheet.get(keys) is None for keys in pair):
            continue
        earlier, later = sorted(pair, key=lambda keys: sheet.origin(keys).order)
        if sheet.origin(earlier).order[0] == sheet.origin(later).order[0]:
            yield later, f"cannot stand beside {dotted(earlier)}", "give one of the two"
        sheet.put(earlier, None, sheet.origin(later))


def none_is_given(sheet: Sheet) -> Iterator[Fault]:
    """A pair of which both were emptied."""
    for pair in ALTERNATIVES:
        section = sheet.get(pair[0][:-1])
        if isinstance(section, dict) and all(
            keys[-1] in section and section[keys[-1]] is None for keys in pair
        ):
            first, second = (dotted(keys) for keys in pair)
            yield pair[0], f"is empty, and so is {second}", f"give {first} or {second}"
