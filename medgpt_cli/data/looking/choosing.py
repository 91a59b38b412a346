"""A fair choice out of a stream whose length is not known: every item is as likely as every other.

Algorithm R (Vitter 1985): constant memory, one pass, the same choice for the same seed and stream.
"""

from __future__ import annotations

import random
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Choice(Generic[Item]):
    """So many items of a stream, in its order.

    Args:
        size: Items chosen at most.
        seed: Of the choice.
    """

    def __init__(self, size: int, seed: int = 0) -> None:
        self._size = size
        self._random = random.Random(seed)
        self._held: list[tuple[int, Item]] = []
        self.seen = 0

    def offer(self, item: Item) -> None:
        """Considers one item."""
        if len(self._held) < self._size:
            self._held.append((self.seen, item))
        elif self._size and (place := self._random.randrange(self.seen + 1)) < self._size:
            self._held[place] = (self.seen, item)
        self.seen += 1

    @property
    def items(self) -> list[Item]:
        """What was chosen so far, in the order of the stream."""
        return [item for _, item in sorted(self._held, key=lambda pair: pair[0])]
