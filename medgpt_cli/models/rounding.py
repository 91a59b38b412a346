"""Another number format for a model that is there already.

This module knows nothing of files.
"""

from __future__ import annotations

from typing import Any

import torch


def round_weights(model: Any, dtype: torch.dtype) -> None:
    """Rounds the weights, in place, and nothing that is computed from the configuration.

    `Module.to` would round the rotary frequencies too, which `from_pretrained` leaves in float32: in bfloat16 they move
    far positions by whole radians.

    Args:
        model: Any model.
        dtype: The format.
    """
    for weight in model.parameters():
        weight.data = weight.data.to(dtype)
