"""The endless stream of rows a stage trains on, and the place in it as two integers.

A pass over the mixture becomes rows (one record each, or packed), pass follows pass without a gap, and a checkpoint
keeps where it stands as (pass, row).  So going on costs the making of one pass's rows, wherever in the run it stopped,
and no batch is drawn to be thrown away.  This module knows neither records nor tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from torch.utils.data import Sampler

Row = tuple[int, ...]
RowsOfPass = Callable[[int], Sequence[Row]]
"""From a pass's number to its rows, each the numbers of the records in it; never empty."""


class Cursor(NamedTuple):
    """A place in the stream.

    Attributes:
        number: The pass.
        row: Rows of it that have been seen.
    """

    number: int = 0
    row: int = 0


_BEGINNING = Cursor()


class Stream(Sampler[Row]):
    """Rows from a place on, as a data loader's sampler.

    Args:
        rows_of_pass: The rows of each pass, a pure function.
        total: Rows of the whole run.
        start: Where this process begins.
        done: Rows of the run seen before `start`.
    """

    def __init__(
        self, rows_of_pass: RowsOfPass, total: int, *, start: Cursor = _BEGINNING, done: int = 0
    ) -> None:
        self._rows_of_pass = rows_of_pass
        self._total = total
        self._start = start
        self._done = done
        self._sizes: list[int] = []

    def __len__(self) -> int:
        """Rows of the whole run, those seen before included: the trainer counts epochs and steps by it."""
        return self._total

    def __iter__(self) -> Iterator[Row]:
        number, skip = self._start
        left = self._total - self._done
        while left > 0:
            rows = self._rows_of_pass(number)
            self._remember(number, len(rows))
            yield from rows[skip : skip + left]
            left -= len(rows) - skip
            number, skip = number + 1, 0

    def _remember(self, number: int, size: int) -> None:
        if number - self._start.number == len(self._sizes):
            self._sizes.append(size)

    def cursor(self, seen: int) -> Cursor:
        """The place after so many rows of the run; loaders read ahead, so it is computed and not observed.

        Args:
            seen: Rows of the whole run that steps were taken on.

        Raises:
            ValueError: The place lies before the start, or beyond what was drawn.
        """
        if seen < self._done:
            raise ValueError("a place before the start is not known")
        if seen == self._done:
            return self._start
        number, row = self._start.number, self._start.row + seen - self._done
        for size in self._sizes:
            if row < size:
                return Cursor(number, row)
            number, row = number + 1, row - size
        if row:
            raise ValueError("a place beyond what was drawn is not known")
        return Cursor(number, 0)
