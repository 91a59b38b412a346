"""Which weights of a model a recipe's `lora:` means.

Names stand for layers of the language model alone, so that `q_proj` never reaches a tower that happens to use the
same name; a target that means nothing in this model is refused.  This module knows nothing of how adapters work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from medgpt_cli.core.adapted import Adapted
from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.training.parts import is_dead, part_of

LAYERS = "language_model.layers."
ROUTERS = ("router", "gate", "shared_expert_gate")
"""What chooses among experts, in the models that have some."""

GROUPS: dict[str, Callable[[str, str], bool]] = {
    "attention": lambda name, part: part == "llm" and ".self_attn." in name,
    "mlp": lambda name, part: part == "llm" and ".mlp." in name,
    "projector": lambda name, part: part == "projector",
    "vision": lambda name, part: part == "vision",
}
"""Whether a layer, by its name and part, belongs to a group."""


def adapted_weights(model: Any, lora: Any) -> list[Adapted]:
    """The weights that carry adapters, in the model's order.

    Args:
        model: A LLaVA model without adapters; its weights may be on `meta`.
        lora: The recipe's `lora` section, with a rank.

    Raises:
        BadRecipe: A target means nothing in this model; all such are told at once.
    """
    linear = {name: part_of(f"{name}.weight") for name in _linear_layers(model)}
    missing: list[str] = []
    found: dict[str, Adapted] = {}
    for target in lora.targets:
        chosen = [name for name, part in linear.items() if _means(target, name, part)]
        if not chosen:
            missing.append(_nothing(target, linear))
        rank = getattr(lora.ranks, target, None) if target in GROUPS else None
        for name in chosen:
            found.setdefault(name, _adapted(lora, name, linear[name], rank))
    if lora.experts:
        stacks = [name for name, tensor in model.named_parameters() if _is_stack(name, tensor)]
        if not stacks:
            missing.append("lora.experts=true: the language model has no experts; set it to false")
        for name in stacks:
            found[name] = _adapted(lora, name, "experts", lora.ranks.experts)._replace(stacked=True)
    if missing:
        raise BadRecipe("; ".join(missing), where="lora")
    return list(found.values())


def _adapted(lora: Any, name: str, part: str, rank: int | None) -> Adapted:
    own = rank or lora.r
    return Adapted(name, part, own, lora.alpha or 2 * own)


def _linear_layers(model: Any) -> Iterator[str]:
    """Linear layers that may carry an adapter: those a gradient comes to, without head and router."""
    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Linear) or name.rsplit(".", 1)[-1] in ROUTERS:
            continue
        part = part_of(f"{name}.weight")
        if (part == "llm" and LAYERS not in name) or is_dead(f"{name}.weight", model):
            continue
        yield name


def _means(target: str, name: str, part: str) -> bool:
    if target in GROUPS:
        return GROUPS[target](name, part)
    return part == "llm" and name.rsplit(".", 1)[-1] == target


def _is_stack(name: str, tensor: torch.Tensor) -> bool:
    return part_of(name) == "experts" and tensor.ndim == 3 and tensor.is_floating_point()


def _nothing(target: str, linear: dict[str, str]) -> str:
    own = sorted({name.rsplit(".", 1)[-1] for name, part in linear.items() if part == "llm"})
    words = [
        word
        for word, belongs in GROUPS.items()
        if any(belongs(name, part) for name, part in linear.items())
    ]
    guess = did_you_mean(target, [*words, *own])
    return f"{target} means nothing in this model, which has {', '.join([*words, *own])}" + (
        f"; {guess}" if guess else ""
    )
