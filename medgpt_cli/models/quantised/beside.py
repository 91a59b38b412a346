"""PEFT's adapters of experts beside matrices that are packed.

PEFT finds experts as a parameter of three dimensions, and passes in silence over a model that has none.  While it
attaches, packed experts show it parameters of the right size and no memory; afterwards its wrappers hand their factors
to the experts, which multiply them.  Names in the adapter's file are PEFT's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from peft.tuners.lora.layer import ParamWrapper

from medgpt_cli.models.quantised.experts import Factors, PackedExperts


class HandingOn(ParamWrapper):
    """PEFT's wrapper, once attached: the experts below it multiply what it holds."""

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Passes through."""
        made: torch.Tensor = self.base_layer(x, *args, **kwargs)
        return made


@contextmanager
def stand_ins(model: Any) -> Iterator[None]:
    """Lets PEFT see packed experts as parameters inside the block, and hands over their adapters at its end.

    Args:
        model: With packed experts or without; without, nothing happens.
    """
    found = [each for each in model.modules() if isinstance(each, PackedExperts)]
    for experts in found:
        for name, size in experts.sizes.items():
            nothing = experts.down_proj_bias.new_zeros(()).expand(size)
            experts.register_parameter(name, torch.nn.Parameter(nothing, requires_grad=False))
    try:
        yield
    finally:
        for experts in found:
            for name in experts.sizes:
                delattr(experts, name)
    for module in model.modules():
        below: Any = module.get_base_layer() if isinstance(module, ParamWrapper) else None
        if isinstance(below, PackedExperts):
            module.__class__ = HandingOn
            below.adapters[module.parameter_name] = partial(factors, module)


def factors(wrapper: Any, dtype: torch.dtype) -> Factors:
    """An adapter of experts in the shape of their products.

    Args:
        wrapper: PEFT's.
        dtype: The number format of the products.
    """
    (name,) = wrapper.active_adapters
    inner, outer = wrapper.lora_A[name].weight, wrapper.lora_B[name].weight
    experts = wrapper.num_experts
    # PEFT keeps A as [experts x rank, inputs], and B as [outputs, rank x experts].
    inner = inner.reshape(experts, -1, inner.shape[-1]).transpose(1, 2)
    outer = outer.reshape(outer.shape[0], -1, experts).permute(2, 1, 0)
    return Factors(inner.to(dtype), outer.to(dtype).contiguous(), wrapper.scaling[name])
