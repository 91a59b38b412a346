"""The named parts of a LLaVA model, and which of them learn.

Part names are the recipe's words: vision, projector, llm, experts, router.  The tower's blocks behind the feature
layer, and its closing norm or head, never see a gradient (LLaVA reads an inner layer), so they are neither trained
nor counted.  This module knows nothing of recipes or schedules.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import torch

from medgpt_cli.core.errors import BadRecipe

BLOCKS, SCALES = "_blocks", "_scales"
"""What the two halves of a packed tensor end in."""
PARTS = ("vision", "projector", "llm", "experts", "router")

_PATTERNS = (
    ("vision", re.compile(r"\bvision_tower\.")),
    ("projector", re.compile(r"\bmulti_modal_projector\.")),
    ("experts", re.compile(r"\.mlp\.experts\.")),
    ("router", re.compile(r"\.mlp\.router\.")),
)
_BLOCK = re.compile(r"\.encoder\.layers?\.(\d+)\.|\bvision_tower\.layers?\.(\d+)\.")
_CLOSING = re.compile(r"\bvision_tower\.(?:vision_model\.)?(?:post_layernorm|layernorm|head|pooler)\.")


class PartCount(NamedTuple):
    """How many parameters of a part there are, learn, and never see a gradient; and how many its adapters have.

    Those of adapters stand beside the model's: `total` leaves them out, and `trained` counts those that learn.
    """

    total: int
    trained: int
    dead: int
    adapters: int = 0


def is_adapter(name: str) -> bool:
    """Whether a parameter, by its name in the model, belongs to an adapter (PEFT's word)."""
    return ".lora_" in name


def part_of(name: str) -> str:
    """The part a parameter belongs to, by its name in the model."""
    return next((part for part, pattern in _PATTERNS if pattern.search(name)), "llm")


def is_dead(name: str, model: Any) -> bool:
    """Whether a vision parameter lies behind the feature layer, where no gradient comes from."""
    if part_of(name) != "vision":
        return False
    if _CLOSING.search(name):
        return True
    match = _BLOCK.search(name)
    if match is None:
        return False
    blocks = model.config.vision_config.num_hidden_layers
    layers = model.config.vision_feature_layer
    used = max(layer % (blocks + 1) for layer in (layers if isinstance(layers, list) else [layers]))
    return bool(int(next(group for group in match.groups() if group is not None)) >= used)


def shape_of(parameter: torch.Tensor) -> torch.Size:
    """The whole shape of a parameter, also where ZeRO-3 left this process a shard of it."""
    shape: torch.Size = getattr(parameter, "ds_shape", parameter.shape)
    return shape


def weights_in(name: str, parameter: torch.Tensor) -> int:
    """How many weights a parameter holds: two in each byte of packed ones, none in their scales."""
    if parameter.is_floating_point():
        return shape_of(parameter).numel()
    return 0 if name.endswith(SCALES) else 2 * parameter.numel()


def format_of(name: str, parameter: torch.Tensor) -> str:
    """The number format of a parameter, in the recipe's words."""
    if parameter.is_floating_point():
        return str(parameter.dtype).removeprefix("torch.")
    return "mxfp4" if name.endswith((BLOCKS, SCALES)) else "nf4"


def freeze(
    model: Any, trained: Mapping[str, bool], by_adapters: Collection[str] = ()
) -> dict[str, PartCount]:
    """Sets `requires_grad` of every parameter and returns the table of counts.

    Args:
        model: A LLaVA model, with adapters or without.
        trained: Whether each of `PARTS` learns.
        by_adapters: Parts that learn through adapters alone.

    Raises:
        BadRecipe: Nothing would learn.
    """
    counts = {part: [0, 0, 0, 0] for part in PARTS}
    for name, parameter in model.named_parameters():
        part = part_of(name)
        dead = is_dead(name, model)
        beside = is_adapter(name)
        learns = trained[part] and not dead and (beside or part not in by_adapters)
        parameter.requires_grad_(learns)
        counts[part][0] += 0 if beside else weights_in(name, parameter)
        size = shape_of(parameter).numel()
        counts[part][1] += size if learns else 0
        counts[part][2] += size if dead else 0
        counts[part][3] += size if beside else 0
    if not any(numbers[1] for numbers in counts.values()):
        raise BadRecipe(
            "no parameter would learn", repair="set parts.<part>.train=true for at least one part"
        )
    return {part: PartCount(*numbers) for part, numbers in counts.items() if numbers[0]}


def parameter_groups(
    model: Any, *, lr: float, part_lr: Mapping[str, float | None], weight_decay: float
) -> list[dict[str, Any]]:
    """AdamW's groups: one a part and decay.

    Weight decay pulls matrices only; biases, norms, sinks and everything else of one dimension are left alone
    (the usual practice since GPT-2).

    Args:
        model: A model after `freeze`.
        lr: Peak learning rate of a part that names none.
        part_lr: Peak learning rates by part.
        weight_decay: Decoupled decay of matrices (AdamW, arXiv 1711.05101).
    """
    groups: dict[tuple[str, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decays = len(shape_of(parameter)) > 1 and not name.endswith("bias")
            groups.setdefault((part_of(name), decays), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": lr if part_lr.get(part) is None else part_lr[part],
            "weight_decay": weight_decay if decays else 0.0,
            "part": part,
        }
        for (part, decays), parameters in groups.items()
    ]


def adamw(groups: list[dict[str, Any]]) -> torch.optim.AdamW:
    """AdamW (arXiv 1711.05101) in one pass over the memory of weights, gradients and moments, on any device.

    Plain steps write down tensors in between; on a CPU they take eight times as long.

    Args:
        groups: What `parameter_groups` returned.
    """
    return torch.optim.AdamW(groups, fused=True)
