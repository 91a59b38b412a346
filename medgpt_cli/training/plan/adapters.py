"""Adapters as sizes alone: parameters on `meta` where PEFT puts its own, so that a plan counts what training counts."""

from __future__ import annotations

from typing import Any

import torch

from medgpt_cli.core.adapted import Adapted


def attach_sizes(model: Any, adapted: Adapted) -> None:
    """Puts parameters of an adapter's sizes beside a weight.

    Args:
        model: A model on `meta`.
        adapted: The weight, and the adapter's rank.
    """
    owner, _, last = adapted.name.rpartition(".")
    if adapted.stacked:
        module, tensor = model.get_submodule(owner), model.get_parameter(adapted.name)
        experts, inner, outer = tensor.shape
        rows, word = adapted.rank * experts, f"lora_{last}"
    else:
        module = model.get_submodule(adapted.name)
        outer, inner = module.weight.shape
        rows, word = adapted.rank, "lora"
    for half, width in (("A", inner), ("B", outer)):
        size = torch.empty(rows, width, device="meta")
        module.register_parameter(f"{word}_{half}", torch.nn.Parameter(size))
