"""Squares of 8 bits as a tower takes them, and the small changes that fine-tuning makes to them.

Moved, enlarged, and changed in tone; never mirrored, since a side may be the answer.  What comes in from outside is
the colour that pictures are letterboxed with.  This module knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

from medgpt_cli.core.transfer import FineTune


class Normaliser:
    """From 8 bits to what the tower was trained on.

    Args:
        mean: Of the three colours, 0 to 1.
        std: Likewise.
        fill: The colour that pictures are padded with, 0 to 255.
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], fill: Sequence[int]) -> None:
        self._mean = torch.tensor(list(mean)).view(1, 3, 1, 1)
        self._std = torch.tensor(list(std)).view(1, 3, 1, 1)
        self._fill = torch.tensor(list(fill)).view(1, 3, 1, 1) / 255

    def __call__(self, squares: torch.Tensor) -> torch.Tensor:
        """(N, 3, H, W) in float32."""
        return (squares.float() / 255 - self._mean) / self._std

    def changed(self, squares: torch.Tensor, recipe: FineTune, draw: torch.Generator) -> torch.Tensor:
        """The same, each picture changed a little.

        Args:
            squares: (N, 3, H, W), 8 bits.
            recipe: How much.
            draw: Where the changes come from.
        """
        count = len(squares)

        def between(share: float, *shape: int) -> torch.Tensor:
            return (2 * torch.rand(count, *shape, generator=draw) - 1) * share

        scale = 1 + between(recipe.zoom)
        turn = torch.zeros(count, 2, 3)
        turn[:, 0, 0] = turn[:, 1, 1] = 1 / scale
        turn[:, :, 2] = 2 * between(recipe.shift, 2)  # the grid is two wide
        grid = functional.affine_grid(turn, list(squares.shape), align_corners=False)
        # The padding is zero where the fill is taken away first.
        moved = functional.grid_sample(squares.float() / 255 - self._fill, grid, align_corners=False)
        contrast = 1 + between(recipe.tone, 1, 1, 1)
        toned = (moved * contrast + self._fill + between(recipe.tone, 1, 1, 1)).clamp(0, 1)
        return (toned - self._mean) / self._std
