"""Keys and values of several dialogues at once, and who sees which of them.

Each dialogue has a row of slots that it fills from the left; what is padding elsewhere is here a slot that nobody
sees.  Every slot knows its token's position and branch, and a query sees a slot if it is not later, not behind the
sliding window, and on the trunk or its own branch: so neither padding nor neighbours can change a position or a
mask.  This module knows nothing of tokens' meaning or of what is asked.

Shapes: L layers, R rows, G key-value heads, H query heads, T slots, S new tokens a row, D head size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

NOWHERE = 2**30
"""The position of a slot that holds nothing: later than any query."""

CHUNK = 512
"""New tokens of a row that attend at a time, so that masks stay small."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the keys and values of a language model look like.

    Attributes:
        layers: L.
        heads: G.
        size: D.
    """

    layers: int
    heads: int
    size: int

    @classmethod
    def of(cls, config: Any) -> Shape:
        """The shape, from the configuration of a language model."""
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        return cls(
            config.num_hidden_layers, config.num_key_value_heads or config.num_attention_heads, size
        )


class Store:
    """Rows of slots.

    Args:
        shape: Of keys and values.
        rows: R.
        slots: T.
        like: Whose dtype and device it takes.
    """

    def __init__(self, shape: Shape, rows: int, slots: int, *, like: torch.Tensor) -> None:
        # One slot more than can be filled: what pads a row goes there, and nobody sees it.  Zeros, because a weight of
        # nought times a stray NaN would be NaN; the system hands out zeroed pages only as they are written.
        self.states = torch.zeros(
            shape.layers,
            2,
            rows,
            shape.heads,
            slots + 1,
            shape.size,
            dtype=like.dtype,
            device=like.device,
        )
        self.positions = torch.full((rows, slots + 1), NOWHERE, device=like.device)
        self.branches = torch.zeros((rows, slots + 1), dtype=torch.long, device=like.device)
        self.filled = [0] * rows

    def begin(self, rows: range, states: torch.Tensor | None) -> None:
        """Empties rows and lets each begin with the same keys and values.

        Args:
            rows: Which.
            states: (L, 2, G, P, D) of the positions from 0 to P, or None.
        """
        chosen = slice(rows.start, rows.stop)
        self.positions[chosen] = NOWHERE
        length = 0
        if states is not None:
            length = states.shape[3]
            self.states[:, :, chosen, :, :length] = states[:, :, None]
            self.positions[chosen, :length] = torch.arange(length, device=self.positions.device)
            self.branches[chosen, :length] = 0
        for row in rows:
            self.filled[row] = length

    def taken(self, row: int) -> torch.Tensor:
        """A copy of a row's keys and values, as `begin` takes it."""
        return self.states[:, :, row, :, : self.filled[row]].clone()

    def move(self, source: int, target: int) -> None:
        """Puts one row in the place of another."""
        length = self.filled[source]
        self.states[:, :, target, :, :length] = self.states[:, :, source, :, :length]
        self.positions[target] = self.positions[source]
        self.branches[target] = self.branches[source]
        self.filled[target] = length

    def admit(self, first: int, positions: torch.Tensor, branches: torch.Tensor) -> Pass:
        """Gives new tokens their slots.

        Args:
            first: The row of the first of them; the others follow.
            positions: (rows, S); a negative one pads its row on the right.
            branches: (rows, S); 0 is the trunk.
        """
        rows, tokens = positions.shape
        chosen = slice(first, first + rows)
        starts = self.filled[chosen]
        counts = (positions >= 0).sum(1).tolist() if tokens > 1 else [1] * rows
        dump = self.positions.shape[1] - 1
        numbers = torch.tensor(starts, device=positions.device)[:, None] + torch.arange(
            tokens, device=positions.device
        )
        slots = numbers.where(positions >= 0, dump) if tokens > 1 else numbers
        here = torch.arange(first, first + rows, device=positions.device)[:, None]
        self.positions[here, slots] = positions.where(positions >= 0, NOWHERE)
        self.branches[here, slots] = branches
        for row, count in zip(range(first, first + rows), counts, strict=True):
            self.filled[row] += count
        return Pass(self, chosen, here, slots, positions, branches)


class Pass:
    """One pass of new tokens over a model: where their keys and values go, and which slots each may see.

    Args:
        store: Whose slots.
        rows: Which rows.
        here: The rows' numbers (rows, 1).
        slots: Of the new tokens (rows, S).
        positions: Of the new tokens (rows, S).
        branches: Of the new tokens (rows, S).
    """

    def __init__(
        self,
        store: Store,
        rows: slice,
        here: torch.Tensor,
        slots: torch.Tensor,
        positions: torch.Tensor,
        branches: torch.Tensor,
    ) -> None:
        self._store = store
        self._rows = rows
        self._here = here
        self._slots = slots
        self._positions = positions
        self._branches = branches
        self._end = max(store.filled[rows])
        self._views: dict[int | None, list[tuple[slice, slice, torch.Tensor]]] = {}

    def write(
        self, layer: int, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Puts new keys and values into a layer, (rows, G, S, D) each, and returns all of it, (rows, G, T, D)."""
        keys, values = self._store.states[layer]
        keys[self._here, :, self._slots] = key.transpose(1, 2)
        values[self._here, :, self._slots] = value.transpose(1, 2)
        return keys[self._rows, :, : self._end], values[self._rows, :, : self._end]

    def views(self, window: int | None) -> list[tuple[slice, slice, torch.Tensor]]:
        """Which new tokens see which slots: chunks of tokens, the slots any of them sees, and the bias.

        Args:
            window: A token sees itself and the `window` - 1 before it; None sees all.

        Returns:
            Slices of S and of T, and (rows, 1, their lengths) with 0 or -inf.
        """
        if window not in self._views:
            self._views[window] = list(self._look(window))
        return self._views[window]

    def _look(self, window: int | None) -> Iterator[tuple[slice, slice, torch.Tensor]]:
        at, on = self._store.positions[self._rows], self._store.branches[self._rows]
        for start in range(0, self._positions.shape[1], CHUNK):
            tokens = slice(start, start + CHUNK)
            asks, branch = self._positions[:, tokens, None], self._branches[:, tokens, None]
            first = 0
            if window is not None:
                # A slot is never in front of its position, so no slot before this one can be in any window.
                first = max(int(asks.where(asks >= 0, NOWHERE).min()) - window + 1, 0)
            slots = slice(min(first, self._end - 1), self._end)
            other = at[:, None, slots]
            seen = (other <= asks) & ((on[:, None, slots] == 0) | (on[:, None, slots] == branch))
            if window is not None:
                seen &= asks - other < window
            seen |= asks < 0  # padding sees something, for a row of nothing would be NaN
            bias = torch.zeros(seen.shape, dtype=self._store.states.dtype, device=seen.device)
            yield tokens, slots, bias.masked_fill_(~seen, float("-inf"))[:, None]


def padded(rows: Sequence[Sequence[int]], fill: int, *, device: torch.device) -> torch.Tensor:
    """Rows of different length as one tensor (rows, S), filled up on the right."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows], device=device)
