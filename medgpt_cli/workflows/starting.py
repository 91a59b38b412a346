"""Where a stage's weights come from, which parts learn, and in which precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medgpt_cli.core import console, distributed
from medgpt_cli.core.device import pick_device
from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.manifest import model_hash
from medgpt_cli.models import checkpoint
from medgpt_cli.models.aligning import align_weights
from medgpt_cli.models.compose import compose
from medgpt_cli.models.parts import load_language_model, load_vision_tower, picture_statistics
from medgpt_cli.models.processor import build_processor, set_template
from medgpt_cli.models.tiles import set_max_tiles, tiles_of, use_tiles_of
from medgpt_cli.models.yarn import stretch
from medgpt_cli.workflows import quantising
from medgpt_cli.workflows.adapting import attach_adapters, check_targets, settle_formats
from medgpt_cli.workflows.adding import add_adapter
from medgpt_cli.workflows.context import check_context
from medgpt_cli.workflows.naming import WORDS, Named, model_folder, named_model


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

    chosen, adapts = recipe.model, recipe.lora.r is not None
    if checkpoint_folder is not None and not adapts:
        return _aligned(*checkpoint.load(checkpoint_folder, dtype=torch.float32))
    if chosen.llm is not None:
        check_context(recipe, model_folder(chosen.llm, online=online))
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
        set_max_tiles(processor, chosen.max_tiles or 1)
        model = compose(
            llm, vision, processor, feature_layer=chosen.feature_layer, seed=recipe.train.seed
        )
    else:
        start = named_model(chosen.base, chosen.adapter, online=online)
        check_context(recipe, start.folder)
        if adapts:
            check_targets(recipe, start.folder)
        tell_other_tiles(chosen.max_tiles, start)
        to = recipe.lora.quantise_base
        model, processor = build_base(
            recipe, dtype=None if adapts else torch.float32, to=to, online=online
        )
        if adapts:
            quantising.tell_other(start.adapter, to)
            attach_adapters(model, recipe, start.base, weights=checkpoint_folder or start.adapter)
            settle_formats(model, recipe, bf16=pick_precision(recipe.model.dtype)[1])
        elif start.adapter is not None:
            add_adapter(model, start.adapter)
    if chosen.yarn.factor is not None:
        stretch(model, factor=chosen.yarn.factor, original=chosen.yarn.original)
    return _aligned(model, processor)


def _aligned(model: Any, processor: Any) -> tuple[Any, Any]:
    """Both, the weights where a processor adds them alike after every start; a GPU has them moved anyway."""
    if pick_device()[0] == "cpu":
        align_weights(model)
    return model, processor


def build_base(
    recipe: Any, *, dtype: Any = None, to: str | None = None, online: bool = False
) -> tuple[Any, Any]:
    """The whole model that a recipe names, and its processor.

    Args:
        recipe: A stage recipe.
        dtype: The number format of its weights; that of its files when None.
        to: The format of four bits in which most of them are kept; none when None.
        online: Whether a hub id may be fetched.
    """
    start = named_model(recipe.model.base, recipe.model.adapter, online=online)
    model, processor = quantising.load(start.folder, to, dtype=dtype)
    set_template(processor, date=recipe.chat.date, reasoning=recipe.chat.reasoning)
    if start.adapter is not None:
        use_tiles_of(processor, start.adapter)
    if recipe.model.max_tiles is not None:
        set_max_tiles(processor, recipe.model.max_tiles)
    return model, processor


def tell_other_tiles(wanted: int | None, start: Named) -> None:
    """Says it where a recipe shows pictures in another number of tiles than the model it starts from was shown them.

    Args:
        wanted: The recipe's `model.max_tiles`.
        start: The model.
    """
    own = tiles_of(start.folder, start.adapter)
    if wanted in (None, own) or not distributed.is_first():
        return
    name = start.base if start.adapter is None else f"{start.base} with its adapter"
    had = f"in up to {own} tiles" if own > 1 else "whole"
    now = f"in up to {wanted} tiles" if wanted != 1 else "whole"
    console.warn(
        f"model.max_tiles={wanted} differs from {name}, which is shown pictures {had}: from here on they are shown "
        f"{now}, and what is trained keeps that (leave model.max_tiles out to go on as before)"
    )


def start_named(recipe: Any, *, online: bool = False) -> Named | None:
    """The whole model a stage starts from, and an adapter to it; None where it is composed of two parts."""
    chosen = recipe.model
    return None if chosen.llm is not None else named_model(chosen.base, chosen.adapter, online=online)


def stays_as_read(recipe: Any) -> bool:
    """Whether a recipe leaves the model as it is read: neither composed, nor stretched, nor given adapters."""
    chosen = recipe.model
    composed = chosen.llm is not None or chosen.adapter is not None
    return not composed and recipe.lora.r is None and chosen.yarn.factor is None


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
    start = start_named(recipe, online=online)
    if start is None:
        names = [recipe.model.llm, recipe.model.vision]
        return {name: model_hash(model_folder(name, online=online)) for name in names}
    hashes = {start.base: model_hash(start.folder)}
    if start.adapter is not None:
        hashes[recipe.model.adapter or recipe.model.base] = start.hash()
    return hashes


def refuse_inputs_inside(out: Path, recipe: Any) -> None:
    """Refuses an output folder that holds something the stage reads; inputs are never changed.

    Raises:
        UsageError: A model or data path of the recipe lies inside `out`.
    """
    chosen, data = recipe.model, recipe.data
    named = [chosen.base, chosen.adapter, chosen.llm, chosen.vision, data.image_root, *data.validation]
    for name in [*named, *(part.path for part in data.mix)]:
        if name is not None and Path(name).resolve().is_relative_to(out.resolve()):
            raise UsageError(f"{name} lies inside --out {out}", repair="name another --out")


def learning_parts(recipe: Any) -> dict[str, bool]:
    """Whether each part learns; experts and router follow the language model unless the recipe says otherwise."""
    parts = recipe.parts
    if recipe.lora.r is not None:
        return _learning_beside_adapters(recipe)
    return {
        "vision": bool(parts.vision.train),
        "projector": bool(parts.projector.train),
        "llm": bool(parts.llm.train),
        "experts": bool(parts.llm.train if parts.experts.train is None else parts.experts.train),
        "router": bool(parts.llm.train if parts.router.train is None else parts.router.train),
    }


def _learning_beside_adapters(recipe: Any) -> dict[str, bool]:
    parts, lora = recipe.parts, recipe.lora
    return {
        "vision": bool(parts.vision.train),
        "projector": bool(parts.projector.train),
        "llm": bool(parts.llm.train),
        "experts": bool(lora.experts),
        "router": False,
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
