"""A vision tower as one feature for each picture, whatever it is inside.

A vision transformer gives the mean over its patches in one hidden state, the class token left out; a ResNet as
open_clip builds it gives the mean over its last map, before the pooling that only the pairing with text has taught.
This module knows nothing of files or heads.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn

from medgpt_cli.core.errors import UsageError
from medgpt_cli.models.processor import WITHOUT_CLASS_TOKEN


class PatchMean(nn.Module):
    """A stock vision transformer.

    Args:
        tower: Of transformers.
        layer: Which hidden state, 0 being the embedding; negative numbers count from the last.

    Raises:
        UsageError: The tower has no such hidden state.
    """

    def __init__(self, tower: nn.Module, layer: int) -> None:
        super().__init__()
        self.tower = tower
        config: Any = tower.config
        states = config.num_hidden_layers + 1
        if not -states <= layer < states:
            raise UsageError(
                f"layer={layer} is none of a tower with {config.num_hidden_layers} layers",
                repair=f"name one from {-states} to {states - 1}",
            )
        self._layer = layer
        self._first = 0 if config.model_type in WITHOUT_CLASS_TOKEN else 1

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """From (N, 3, H, W) to (N, width)."""
        states = self.tower(pixel_values=pixels, output_hidden_states=True).hidden_states
        return cast(torch.Tensor, states[self._layer])[:, self._first :].mean(dim=1)


class MapMean(nn.Module):
    """A ResNet of open_clip.

    Args:
        tower: `open_clip.modified_resnet.ModifiedResNet`.
    """

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """From (N, 3, H, W) to (N, width)."""
        tower: Any = self.tower
        state = tower.stem(pixels)
        for block in (tower.layer1, tower.layer2, tower.layer3, tower.layer4):
            state = block(state)
        return cast(torch.Tensor, state).mean(dim=(2, 3))
