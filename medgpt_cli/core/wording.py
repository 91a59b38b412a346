"""How many of what: a number with its noun, in singular or plural.

This module knows nothing of where it is read.
"""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """Such as `1 question`, `2 questions` or `1,061 questions`.

    Args:
        number: How many.
        one: The noun of a single one; in a phrase its last word, as in `wrong answer`.
        many: Its plural, where that is not made by an s.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
