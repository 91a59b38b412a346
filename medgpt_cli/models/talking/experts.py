"""Experts for a handful of tokens: each token's own, one after the other, read where they lie.

transformers sorts tokens by expert and multiplies group by group, which pays for many tokens; for one, the sorting
costs more than it saves.  This module knows nothing of routers.

Shapes: S tokens, K experts of each, W width.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS, grouped_mm_experts_forward

NAME = "each_of_few"
"""Ours in transformers' registry."""

FEW = 2
"""Tokens up to which each goes by itself."""


def each_of_few(
    module: Any, hidden: torch.Tensor, chosen: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """The experts' part of a layer, as transformers calls it.

    Args:
        module: gpt-oss's experts; for others, and for more tokens than `FEW`, transformers' own way is taken.
        hidden: (S, W).
        chosen: (S, K), numbers of experts.
        weights: (S, K), theirs in the sum.

    Returns:
        (S, W).
    """
    gpt_oss = module.is_transposed and module.has_bias and not module._is_expert_parallel
    if len(hidden) > FEW or not gpt_oss:
        made: torch.Tensor = grouped_mm_experts_forward(module, hidden, chosen, weights)
        return made
    # A parametrised weight (an adapter that is not merged) is worked out at each access, so it is asked for once.
    up, up_bias = module.gate_up_proj, module.gate_up_proj_bias
    down, down_bias = module.down_proj, module.down_proj_bias
    rows = []
    for token, those, share in zip(hidden, chosen.tolist(), weights, strict=True):
        opened = [torch.addmm(up_bias[expert], token[None], up[expert]) for expert in those]
        gated = module._apply_gate(torch.cat(opened)).split(1)
        parts = [
            torch.addmm(down_bias[each], one, down[each]) for each, one in zip(those, gated, strict=True)
        ]
        rows.append(share[None].to(hidden.dtype) @ torch.cat(parts))
    return torch.cat(rows)


@contextmanager
def of_few(config: Any) -> Iterator[None]:
    """Lets the experts of a language model work this way for a while, where it has any.

    Args:
        config: Of the language model.
    """
    before = getattr(config, "_experts_implementation", None)
    if before != "grouped_mm":
        yield
        return
    ALL_EXPERTS_FUNCTIONS.register(NAME, each_of_few)
    config._experts_implementation = NAME
    try:
        yield
    finally:
        config._experts_implementation = before
