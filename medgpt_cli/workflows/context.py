"""Whether the model a recipe names takes rows as long and as shared as it asks, told before any weight is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medgpt_cli.core import distributed
from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.manifest import verify_files


def check_processes(recipe: Any) -> None:
    """Refuses a sharing of rows that the launched processes do not allow.

    Args:
        recipe: A stage recipe.

    Raises:
        BadRecipe: `engine.sequence_parallel` does not divide them, or the tokens of a step cannot be shared by them.
    """
    from medgpt_cli.training.micro_batches import micro_batch

    together, launched = recipe.engine.sequence_parallel, distributed.ranks()
    if launched % together:
        raise BadRecipe(
            f"{together} processes share a row, and {launched} "
            f"{'was' if launched == 1 else 'were'} launched, which is no multiple",
            where="engine.sequence_parallel",
            repair=f"launch them: torchrun --nproc-per-node {together} -m medgpt_cli …",
        )
    micro_batch(recipe.train, launched // together)


def check_context(recipe: Any, folder: Path) -> None:
    """Refuses rows that the language model in a folder does not take.

    Args:
        recipe: A stage recipe.
        folder: Of the whole model, or of the language model it is composed with.

    Raises:
        BadRecipe: Rows are too long, scalings would be stacked, or heads cannot be shared.
        HashMismatch: The configuration is not the one the folder's manifest names.
    """
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig

    from medgpt_cli.models.yarn import context_of

    verify_files(folder, only="config.json")
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        context, heads = context_of(config), config.get_text_config().num_attention_heads
    except (OSError, ValueError, TypeError, KeyError, AttributeError, StrictDataclassError):
        return  # no model of ours: whoever loads it says what is wrong
    if recipe.model.yarn.factor is not None:
        context = _stretched(recipe.model.yarn, config)
    if recipe.train.max_length > context:
        raise BadRecipe(
            f"{recipe.train.max_length:,} tokens are more than the model holds, {context:,}",
            where="train.max_length",
            repair=f"set train.max_length={context} or less",
        )
    together = recipe.engine.sequence_parallel
    if heads % together:
        raise BadRecipe(
            f"{together} processes cannot share the {heads} attention heads of the language model evenly",
            where="engine.sequence_parallel",
            repair=f"set it to a divisor of {heads}",
        )


def _stretched(yarn: Any, config: Any) -> int:
    """The tokens a language model holds after the scaling a recipe asks for."""
    from medgpt_cli.models.yarn import context_of, scaling_of

    context, scaled = context_of(config), scaling_of(config)
    if scaled:
        raise BadRecipe(
            f"the language model already reaches {context:,} tokens by {scaled}; "
            "a second scaling would be stacked on it and blur its positions",
            where="model.yarn.factor",
            repair=f"leave model.yarn empty and set train.max_length={context} or less",
        )
    original = yarn.original or context
    if not context >= original > context / yarn.factor:
        raise BadRecipe(
            f"{original:,} tokens times {yarn.factor:g} do not stretch a context of {context:,}",
            where="model.yarn.original",
            repair=f"leave it empty for {context}, or name the length the model was trained with",
        )
    return int(original * yarn.factor)
