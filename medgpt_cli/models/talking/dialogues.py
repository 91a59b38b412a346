"""Several dialogues side by side, so that those who talk in turn do not push each other out.

This module knows nothing of models; it is handed what makes room for a new dialogue.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from medgpt_cli.models.talking.kept import Kept

HELD_BYTES = 2**30
"""Keys and values kept at most, beside those in use."""

HELD = 8
"""Dialogues kept at most."""


class Dialogues:
    """The dialogues kept, the latest used last.

    Args:
        make: A new one.
        held_bytes: What may be kept.
    """

    def __init__(self, make: Callable[[], Kept], *, held_bytes: int = HELD_BYTES) -> None:
        self._make = make
        self._held_bytes = held_bytes
        self._held: list[Kept] = []

    def with_beginning_of(self, tokens: list[Hashable]) -> Kept:
        """The dialogue that goes on with these tokens, cut to what it has in common with them, or an empty one.

        A dialogue of which less than half is in common (a system message, say) is somebody else's and left alone.
        """
        best = max(self._held, key=lambda kept: kept.common(tokens), default=None)
        common = best.common(tokens) if best is not None else 0
        if best is None or 2 * common < best.end:
            best, common = self._make(), 0
        else:
            self._held.remove(best)
        best.cut(common)
        self._held.append(best)
        while len(self._held) > 1 and (
            len(self._held) > HELD or sum(kept.nbytes for kept in self._held) > self._held_bytes
        ):
            del self._held[0]
        return best
