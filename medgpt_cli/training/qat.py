"""Quantisation-aware training: experts compute with their weights rounded to MXFP4, and learn as if they were not.

What is small beside the distance of the format's points is rounded away when a model is exported, so the last stretch
of training sees what is left.  Weights themselves stay exact (they must be able to move less than a point), gradients
pass the rounding unchanged (the straight-through estimator, arXiv 1308.3432), and with adapters it is the sum of weight
and adapter that is rounded.  Under ZeRO-3 a layer is rounded where its block has been gathered for the pass, by every
process alike.  The rounded copy of a layer lives until its backward pass; where activations are computed anew that is
one layer's at a time.  This module knows nothing of recipes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from typing import Any

import torch
from transformers import TrainerCallback

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.microscaling import BLOCK, on_lattice
from medgpt_cli.training.parts import is_adapter, part_of, shape_of

EXPERTS = ("GptOssExperts",)
"""Classes whose matrices are rounded."""
MATRICES = ("gate_up_proj", "down_proj")


class RoundedExperts(TrainerCallback):
    """Rounds a model's experts in each forward pass of the last stretch of a run.

    Args:
        model: The model; its experts' forward passes are replaced in place.
        steps: Of the whole run.
        share: Of them, at the end, that are taken on rounded experts.

    Attributes:
        start: Steps taken before that.
        on: Whether experts are rounded now.

    Raises:
        BadRecipe: The model has no experts, or they do not divide into blocks.
    """

    def __init__(self, model: torch.nn.Module, *, steps: int, share: float) -> None:
        self.start = steps - math.ceil(steps * share)
        self.on = self.start == 0
        found = [each for each in model.modules() if type(each).__name__ in EXPERTS]
        if not found:
            raise _unfit("the model has no experts that are published as MXFP4")
        for experts in found:
            for name in MATRICES:
                inputs = shape_of(getattr(experts, name))[1]
                if inputs % BLOCK:
                    raise _unfit(f"{name} reads {inputs} numbers, which is no multiple of {BLOCK}")
            experts.forward = partial(self._forward, experts, experts.forward.__func__)  # type: ignore

    def _forward(self, experts: Any, forward: Any, *args: Any, **kwargs: Any) -> Any:
        return forward(_Rounded(experts) if self.on else experts, *args, **kwargs)

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Before each optimiser step, also the first of a run that goes on."""
        self.on = state.global_step >= self.start


class _Rounded:
    """Experts as their forward pass sees them, with other matrices."""

    def __init__(self, experts: Any) -> None:
        self._experts = experts
        self.gate_up_proj = _Round.apply(experts.gate_up_proj)
        self.down_proj = _Round.apply(experts.down_proj)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._experts, name)


class _Round(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: torch.Tensor) -> torch.Tensor:
        made = torch.empty_like(weight)
        for rounded, exact in zip(made, weight, strict=True):  # an expert at a time
            rounded.copy_(on_lattice(exact))
        return made

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        return gradients[0]


def round_experts(tensors: Iterable[tuple[str, torch.Tensor]]) -> int:
    """Rounds the matrices of experts in place: what training under rounding leaves.

    Args:
        tensors: A model's, by name.

    Returns:
        How many were.
    """
    count = 0
    with torch.no_grad():
        for name, tensor in tensors:
            if part_of(name) == "experts" and name.endswith(MATRICES) and not is_adapter(name):
                for each in tensor:  # an expert at a time
                    each.copy_(on_lattice(each))
                count += 1
    return count


def _unfit(what: str) -> BadRecipe:
    return BadRecipe(what, where="train.qat", repair="leave train.qat empty")
