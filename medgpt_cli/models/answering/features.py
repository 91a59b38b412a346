"""What the vision tower sees in a picture, computed once however many questions are asked of it.

Kept by the picture's reference, the latest used longest, within a bound of memory.  A picture that cannot be opened
is remembered by its error.  This module knows nothing of files; it is handed what opens pictures.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from medgpt_cli.core.errors import MedGPTError

Pixels = Callable[[Sequence[str]], torch.Tensor]

HELD_BYTES = 256 * 2**20
"""Features kept at most, beside those in use: about 80 pictures of the 20B model, or as many tiles."""

TOGETHER = 8
"""Pictures, or tiles of them, that the tower sees at a time."""


class Features:
    """The features of pictures.

    Args:
        model: A LLaVA model in evaluation mode.
        pixels: References of pictures to (N, 3, H, W), under the checkpoint's own rules; several of a picture that
            is shown in tiles.
        held_bytes: What may be kept.
    """

    def __init__(self, model: Any, pixels: Pixels, *, held_bytes: int = HELD_BYTES) -> None:
        self._model = model
        self._pixels = pixels
        self._held_bytes = held_bytes
        self._held: OrderedDict[str, torch.Tensor] = OrderedDict()
        self.errors: dict[str, str] = {}
        self.seen = 0
        """Pictures the tower has seen so far."""

    def __getitem__(self, reference: str) -> torch.Tensor:
        """Projected features of a picture, tile after tile, (tokens, width), computed now if they were let go."""
        if reference not in self._held:
            self.prepare([reference])
        self._held.move_to_end(reference)
        return self._held[reference]

    def look(self, reference: str) -> torch.Tensor:
        """Projected features of one picture, (tokens, width).

        Raises:
            MedGPTError: It cannot be opened.
        """
        if reference not in self._held:
            self._see({reference: self._pixels([reference])})
        return self[reference]

    def prepare(self, references: Iterable[str]) -> None:
        """Sees to it that the features of these are there, or their errors.

        Args:
            references: Pictures that will be asked for soon; together they must fit into the bound, or the
                first of them are computed again.
        """
        waiting = [ref for ref in dict.fromkeys(references) if ref not in self._held]
        opened: dict[str, torch.Tensor] = {}
        for number, reference in enumerate(waiting, start=1):
            try:
                opened[reference] = self._pixels([reference])
            except MedGPTError as error:
                self.errors[reference] = error.code
            if opened and (number == len(waiting) or sum(map(len, opened.values())) >= TOGETHER):
                self._see(opened)
                opened = {}

    def _see(self, opened: dict[str, torch.Tensor]) -> None:
        values = torch.cat(list(opened.values())).to(self._model.device, self._model.dtype)
        features = [
            feature
            for together in torch.split(values, TOGETHER)
            for feature in self._model.get_image_features(
                pixel_values=together, return_dict=True
            ).pooler_output
        ]
        self.seen += len(opened)
        seen = iter(features)
        for reference, tiles in opened.items():
            # A copy: a slice would keep its whole batch alive.
            self._held[reference] = torch.cat([next(seen) for _ in tiles])
            self.errors.pop(reference, None)
        size = sum(feature.nbytes for feature in self._held.values())
        while len(self._held) > len(opened) and size > self._held_bytes:
            size -= self._held.popitem(last=False)[1].nbytes
