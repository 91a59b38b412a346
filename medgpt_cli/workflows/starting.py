"""Where a stage's weights come from, which parts learn, and in which precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.manifest import model_hash
from medgpt_cli.models import checkpoint
from medgpt_cli.models.compose import compose
from medgpt_cli.models.parts import load_language_model, load_vision_tower, picture_statistics
from medgpt_cli.models.processor import build_processor, set_template
from medgpt_cli.models.yarn import stretch
from medgpt_cli.workflows.context import check_context
from medgpt_cli.workflows.naming import WORDS, model_folder


def build_model(
    recipe: Any, *, checkpoint_folder: Path | None = None, online: bool = False
) -> tuple[Any, Any]:
    """The model a stage starts from, in float32 on CPU, and its processor.

    Args:
        recipe: A stage recipe.
        checkpoint_folder: The run's own checkpoint when it is resumed; it wins over the recipe's start.
        online: Whether a hub id may be fetched.

    Raises:
        NotThere: A folder does not exist.
        BadCheckpoint: A checkpoint cannot be loaded.
        BadRecipe: The recipe asks for positions or a sharing of heads that the model does not allow; told before any
            weight is read.
    """
    import torch

    if checkpoint_folder is not None:
        return checkpoint.load(checkpoint_folder, dtype=torch.float32)
    chosen = recipe.model
    check_context(recipe, model_folder(chosen.llm or chosen.base or "tiny", online=online))
    if chosen.llm is not None:
        llm, tokenizer = load_language_model(model_folder(chosen.llm, online=online))
        tower = model_folder(chosen.vision, online=online)
        vision = load_vision_tower(tower)
        processor = build_processor(
            tokenizer,
            vision.config,
            template=None,
            date=recipe.chat.date,
            reasoning=recipe.chat.reasoning,
            statistics=picture_statistics(tower),
        )
        model = compose(
            llm, vision, processor, feature_layer=chosen.feature_layer, seed=recipe.train.seed
        )
    else:
        model, processor = checkpoint.load(
            model_folder(chosen.base or "tiny", online=online), dtype=torch.float32
        )
        set_template(processor, date=recipe.chat.date, reasoning=recipe.chat.reasoning)
    if chosen.yarn.factor is not None:
        stretch(model, factor=chosen.yarn.factor, original=chosen.yarn.original)
    return model, processor


def build_embedded(recipe: Any) -> None:
    """Builds the embedded models a stage starts from, where they are not there yet.

    By one process of several: transformers saves weights in the first one alone, so another would leave half a model.
    """
    chosen = recipe.model
    for name in [chosen.base or "tiny"] if chosen.llm is None else [chosen.llm, chosen.vision]:
        if name in WORDS:
            model_folder(name)


def base_hashes(recipe: Any, *, online: bool = False) -> dict[str, str]:
    """SHA-256 of each model folder a stage starts from, by the name it was given."""
    chosen = recipe.model
    names = [chosen.base or "tiny"] if chosen.llm is None else [chosen.llm, chosen.vision]
    return {name: model_hash(model_folder(name, online=online)) for name in names}


def refuse_inputs_inside(out: Path, recipe: Any) -> None:
    """Refuses an output folder that holds something the stage reads; inputs are never changed.

    Raises:
        UsageError: A model or data path of the recipe lies inside `out`.
    """
    chosen, data = recipe.model, recipe.data
    named = [chosen.base, chosen.llm, chosen.vision, data.image_root, *data.validation]
    for name in [*named, *(part.path for part in data.mix)]:
        if name is not None and Path(name).resolve().is_relative_to(out.resolve()):
            raise UsageError(f"{name} lies inside --out {out}", repair="name another --out")


def learning_parts(recipe: Any) -> dict[str, bool]:
    """Whether each part learns; experts and router follow the language model unless the recipe says otherwise."""
    parts = recipe.parts
    return {
        "vision": bool(parts.vision.train),
        "projector": bool(parts.projector.train),
        "llm": bool(parts.llm.train),
        "experts": bool(parts.llm.train if parts.experts.train is None else parts.experts.train),
        "router": bool(parts.llm.train if parts.router.train is None else parts.router.train),
    }


def part_rates(recipe: Any) -> dict[str, float | None]:
    """The peak learning rate each part names; experts and router follow the language model when they name none."""
    parts = recipe.parts
    return {
        "vision": parts.vision.lr,
        "projector": parts.projector.lr,
        "llm": parts.llm.lr,
        "experts": parts.experts.lr or parts.llm.lr,
        "router": parts.router.lr or parts.llm.lr,
    }


def pick_precision(dtype: str) -> tuple[bool, bool]:
    """Whether to stay on the CPU, and whether to compute in bfloat16 over float32 weights.

    Args:
        dtype: The recipe's `model.dtype`; `auto` is bfloat16 where the device has it.
    """
    from medgpt_cli.core.device import pick_device, pick_dtype

    device, _ = pick_device()
    chosen = pick_dtype(device)[0] if dtype == "auto" else dtype
    return device == "cpu", chosen == "bfloat16"
