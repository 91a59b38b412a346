"""A recipe's adapters on a model: chosen, attached, and told.

What a recipe means is worked out in the training room, how it is done in the models room; here they meet.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medgpt_cli.workflows.quantising import check_base, require_format

LANGUAGE = frozenset({"llm", "experts", "router"})
"""Parts of the language model, which beside adapters learn through them alone."""

MODULES = {"vision": "vision_tower", "projector": "multi_modal_projector"}
"""Parts that can learn in full beside adapters, as their modules are called."""


def by_adapters(recipe: Any) -> frozenset[str]:
    """The parts whose own weights are frozen because adapters learn in their place; none without adapters."""
    if recipe.lora.r is None:
        return frozenset()
    return LANGUAGE | ({"vision", "projector"} & set(recipe.lora.targets))


def in_full(recipe: Any) -> list[str]:
    """The parts that learn in full beside adapters."""
    return [
        part for part in MODULES if getattr(recipe.parts, part).train and part not in by_adapters(recipe)
    ]


def check_targets(recipe: Any, folder: Path) -> None:
    """Refuses targets that a model's configuration knows nothing of, before any weight is read.

    Args:
        recipe: A stage recipe with a rank.
        folder: The whole model.

    Raises:
        BadRecipe: A target means nothing in this model, or its base cannot be kept in the format that is asked for.
        Missing: What that format needs is not installed.
    """
    import torch
    from huggingface_hub.errors import StrictDataclassError
    from transformers import LlavaConfig, LlavaForConditionalGeneration

    from medgpt_cli.training.targets import adapted_weights

    try:
        config: Any = LlavaConfig.from_pretrained(folder, local_files_only=True)
        with torch.device("meta"):
            outline = LlavaForConditionalGeneration(config)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, StrictDataclassError):
        return  # no model of ours: whoever loads it says what is wrong
    adapted_weights(outline, recipe.lora)
    check_base(recipe.lora.quantise_base, config.text_config)
    require_format(recipe.lora.quantise_base)


def attach_adapters(model: Any, recipe: Any, base: str, *, weights: Path | None = None) -> None:
    """Puts a recipe's adapters beside a model's weights, in place.

    Args:
        model: As its folder holds it.
        recipe: A stage recipe with a rank.
        base: How the model is called.
        weights: An adapter folder whose weights they begin with; they begin by changing nothing when None.

    Raises:
        BadRecipe: A target means nothing in this model.
        BadCheckpoint: The weights are of other adapters.
    """
    from medgpt_cli.models.adapters.attach import adapter_config, attach
    from medgpt_cli.models.adapters.folder import load_weights
    from medgpt_cli.models.quantised.beside import stand_ins
    from medgpt_cli.training.targets import adapted_weights

    lora = recipe.lora
    with stand_ins(model):
        chosen = adapted_weights(model, lora)
    config = adapter_config(
        chosen,
        dropout=lora.dropout,
        dora=lora.dora,
        rslora=lora.rslora,
        base=base,
        whole=[MODULES[part] for part in in_full(recipe)],
    )
    attach(model, config, chosen, seed=recipe.train.seed)
    if weights is not None:
        load_weights(model, weights)


def settle_formats(model: Any, recipe: Any, *, bf16: bool) -> None:
    """Keeps what learns in float32, and what is frozen in the format it is computed in, which halves its memory.

    Args:
        model: With adapters attached.
        recipe: Its recipe.
        bf16: Whether it is computed in bfloat16.
    """
    import torch

    from medgpt_cli.models.adapters.attach import is_adapter
    from medgpt_cli.models.quantised.nf4 import set_compute_format
    from medgpt_cli.training.parts import part_of

    whole = set(in_full(recipe))
    frozen = torch.bfloat16 if bf16 and not recipe.engine.deepspeed else torch.float32
    set_compute_format(model, frozen)
    for name, parameter in model.named_parameters():
        if not parameter.is_floating_point():
            continue  # packed
        exact = is_adapter(name) or part_of(name) in whole
        parameter.data = parameter.data.to(torch.float32 if exact else frozen)
