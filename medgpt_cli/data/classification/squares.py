"""Pictures of a set as the squares a tower takes: opened by our one reader, letterboxed, 8 bits.

Kept in memory as long as they fit into `MOST_BYTES`; beyond that they are opened anew each time.  This module knows
nothing of means and deviations.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from medgpt_cli.data.classification.sets import ClassificationSet
from medgpt_cli.data.images.letterbox import letterbox

MOST_BYTES = 2 * 2**30


class Squares:
    """Letterboxed pictures by number.

    Args:
        of: The set.
        side: Pixels a side.
    """

    def __init__(self, of: ClassificationSet, side: int) -> None:
        self._set, self._side = of, side
        self._kept: dict[int, NDArray[np.uint8]] = {}

    def __call__(self, numbers: Sequence[int]) -> torch.Tensor:
        """Pictures of shape (N, 3, H, W), 8 bits.

        Raises:
            BadImage: One cannot be decoded.
        """
        return torch.from_numpy(np.stack([self._one(number) for number in numbers])).permute(0, 3, 1, 2)

    def _one(self, number: int) -> NDArray[np.uint8]:
        if number in self._kept:
            return self._kept[number]
        opened = self._set.open(self._set.examples[number])
        pixels: NDArray[np.uint8] = np.asarray(letterbox(opened, self._side))
        if (len(self._kept) + 1) * pixels.nbytes <= MOST_BYTES:
            self._kept[number] = pixels
        return pixels
