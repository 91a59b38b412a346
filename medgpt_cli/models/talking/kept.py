"""Keys and values of one dialogue, kept from turn to turn, and cut back to where the next turn begins otherwise.

Layers with a sliding window keep the window and a little more, so that a long dialogue costs them nothing; the little
more is what a cut may go back.  This module knows nothing of tokens' meaning.

Shapes: L layers, G key-value heads, T slots, S new tokens, D head size.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import torch

from medgpt_cli.models.answering.store import Shape

SPARE = 1024
"""Positions behind the window that a cut may go back: what a reply takes that the next turn shows without reasoning."""

FIRST = 256
"""Slots at first; doubled when they are full."""


class Keys:
    """Keys and values of the layers that have the same window.

    Args:
        layers: How many.
        shape: Of keys and values; its own number of layers is not read.
        window: A token sees itself and the `window` - 1 before it; None sees all.
        like: Whose dtype and device they take.
    """

    def __init__(self, layers: int, shape: Shape, window: int | None, like: torch.Tensor) -> None:
        self.window = window
        self.low = 0
        """The position of the first slot."""
        self._states = like.new_zeros(layers, 2, shape.heads, FIRST, shape.size)

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return self._states.nbytes

    def reaches(self, position: int) -> bool:
        """Whether a token at this position would find all that it may see."""
        return self.window is None or self.low <= max(position - self.window + 1, 0)

    def make_room(self, end: int, tokens: int) -> None:
        """Sees to slots for new tokens.

        Args:
            end: Positions filled.
            tokens: How many come.
        """
        if self.window is not None and end - self.low > self.window + 2 * SPARE:
            low = end - self.window - SPARE
            self._states[..., : end - low, :] = self._states[
                ..., low - self.low : end - self.low, :
            ].clone()
            self.low = low
        needed, slots = end + tokens - self.low, self._states.shape[3]
        if needed > slots:
            grown = max(needed, 2 * slots) - slots
            self._states = torch.nn.functional.pad(self._states, (0, 0, 0, grown))

    def write(
        self, layer: int, end: int, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, int]:
        """Puts new keys and values behind the others.

        Args:
            layer: Its number among these.
            end: Positions filled.
            key: (G, S, D).
            value: (G, S, D).

        Returns:
            Keys and values that any of the new tokens sees, (G, T, D) each, and the position of their first.
        """
        states = self._states[layer]
        first, last = end - self.low, end - self.low + key.shape[1]
        states[0, :, first:last] = key
        states[1, :, first:last] = value
        seen = self.low if self.window is None else max(end - self.window + 1, self.low)
        return states[0, :, seen - self.low : last], states[1, :, seen - self.low : last], seen

    def empty(self) -> None:
        """Begins again."""
        self.low = 0


class Kept:
    """One dialogue.

    Args:
        config: Of the language model.
        like: Whose dtype and device it takes.
    """

    def __init__(self, config: Any, like: torch.Tensor) -> None:
        shape = Shape.of(config)
        window = getattr(config, "sliding_window", None)
        kinds = getattr(config, "layer_types", None) or ["full_attention"] * shape.layers
        windows = [window if kind == "sliding_attention" else None for kind in kinds]
        self._groups = {
            each: Keys(windows.count(each), shape, each, like) for each in dict.fromkeys(windows)
        }
        self._places = [(each, windows[:layer].count(each)) for layer, each in enumerate(windows)]
        self.read: list[Hashable] = []
        """What was read: a token's id, or a picture's name at each of its tokens."""
        self.views: dict[int | None, torch.Tensor] = {}
        """Which of the new tokens sees what, worked out once in a pass for all layers of a window."""

    @property
    def end(self) -> int:
        """Positions filled."""
        return len(self.read)

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return sum(keys.nbytes for keys in self._groups.values())

    def common(self, tokens: list[Hashable]) -> int:
        """How many tokens of a dialogue were read at its beginning already and are still there."""
        length = min(len(tokens), self.end)
        same = next((at for at in range(length) if tokens[at] != self.read[at]), length)
        return same if all(keys.reaches(same) for keys in self._groups.values()) else 0

    def cut(self, length: int) -> None:
        """Forgets what is behind the first tokens, as many as `common` said."""
        del self.read[length:]
        if not length:
            for keys in self._groups.values():
                keys.empty()

    def make_room(self, tokens: int) -> None:
        """Begins a pass of new tokens."""
        self.views = {}
        for keys in self._groups.values():
            keys.make_room(self.end, tokens)

    def write(
        self, layer: int, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, int, int | None]:
        """Puts a layer's new keys and values, (G, S, D) each, behind the others; see `Keys.write`.

        Returns:
            What it returns, and the layer's window.
        """
        window, place = self._places[layer]
        return *self._groups[window].write(place, self.end, key, value), window
