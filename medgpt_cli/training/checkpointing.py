"""Activation checkpointing: a layer keeps its input alone and computes again, backwards, what it needs.

The language model's layers always, the vision tower's where it learns.  Recomputing is the stock one of torch (not
reentrant), which knows no difference between what learns and what is frozen.  This module knows nothing of recipes.
"""

from __future__ import annotations

from typing import Any

from transformers.modeling_layers import GradientCheckpointingLayer


def checkpoint_layers(model: Any, mode: str, device: str) -> int:
    """Lets the layers of a LLaVA model keep their inputs alone while it trains.

    Args:
        model: After `freeze`.
        mode: `none`, `on`, or `offload`: the inputs wait in main memory.
        device: Where it trains; on a CPU they are in main memory already, and `offload` is `on`.

    Returns:
        How many layers do so.

    Raises:
        ValueError: A part has no layer that can; it must not go on as if it did.
    """
    if mode == "none":
        return 0
    parts = [model.model.language_model]
    tower = model.model.vision_tower
    if any(parameter.requires_grad for parameter in tower.parameters()):
        parts.append(tower)
    count = 0
    for part in parts:
        part.activation_checkpointing_enable(
            activation_checkpointing_kwargs={"use_reentrant": False},
            offload=mode == "offload" and device != "cpu",
        )
        # Only the reentrant kind needs an input with a gradient; frozen layers would be gone through for nothing.
        part.disable_input_require_grads()
        active = sum(
            isinstance(layer, GradientCheckpointingLayer) and layer.gradient_checkpointing
            for layer in part.modules()
        )
        if not active:
            raise ValueError(f"{type(part).__name__} has no layer that can compute again")
        count += active
    return count
