"""Adapters added to the weights they stand beside, and how much that changed.

Each sum is taken in float32 and rounded once to the number format of the weight; what is measured is what is left
after that.  This module knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from medgpt_cli.models.adapters.attach import NAME, layers


@dataclass
class Change:
    """What adapters do to the weights of one part.

    Attributes:
        weights: Weights that carry one.
        unchanged: Of which are the same numbers with it as without.
        delta: Sum of squares of what is added.
        base: Sum of squares of what it is added to.
    """

    weights: int = 0
    unchanged: int = 0
    delta: float = 0.0
    base: float = 0.0

    @property
    def relative(self) -> float:
        """Length of what is added, relative to what it is added to (Frobenius)."""
        return (self.delta / self.base) ** 0.5 if self.base else 0.0

    def as_json(self) -> dict[str, Any]:
        """The row of the manifest."""
        return {"weights": self.weights, "unchanged": self.unchanged, "relative_change": self.relative}


def merge(model: Any, part_of: Callable[[str], str]) -> dict[str, Change]:
    """Adds a model's adapters to its weights and takes them off.

    Args:
        model: With adapters attached, on the CPU.
        part_of: The part of the model that a weight belongs to, by its name.

    Returns:
        What changed, by part.
    """
    changes: dict[str, Change] = {}
    with torch.no_grad():
        for name, layer in layers(model).items():
            weight = _weight(layer)
            before = weight.data
            weight.data = before.float()
            layer.merge(safe_merge=True, adapter_names=[NAME])
            merged = weight.data
            weight.data = merged.to(before.dtype)
            change = changes.setdefault(
                part_of(name if name.endswith("weight") else f"{name}.weight"), Change()
            )
            added = weight.data.float() - before.float()
            change.weights += 1
            change.unchanged += int(not bool(added.any()))
            change.delta += float(added.double().square().sum())
            change.base += float(before.double().square().sum())
    _take_off(model)
    return changes


def _weight(layer: Any) -> torch.nn.Parameter:
    if hasattr(layer, "parameter_name"):
        found: torch.nn.Parameter = layer.get_param()
        return found
    weight: torch.nn.Parameter = layer.get_base_layer().weight
    return weight


def _take_off(model: Any) -> None:
    """Puts the wrapped layers back in their places."""
    from peft.tuners.lora.layer import LoraLayer

    for name, module in list(model.named_modules()):
        if isinstance(module, LoraLayer) and ".base_layer" not in f".{name}":
            parent, _, last = name.rpartition(".")
            setattr(model.get_submodule(parent), last, module.get_base_layer())
    del model.peft_config
