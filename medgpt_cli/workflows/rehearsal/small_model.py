"""The model a rehearsal trains: of the family the recipe names, shrunk, with its own tokenizer, template and pictures.

The weights of the large one are never loaded, but that they are there, and whole by their names, is checked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medgpt_cli.core.manifest import file_hashes, write_manifest

Told = dict[str, dict[str, tuple[int, int]]]


def write_small_model(recipe: Any, folder: Path, *, online: bool) -> Told:
    """Writes a shrunken model of a recipe's start.

    Args:
        recipe: A stage recipe.
        folder: An empty folder.
        online: Whether a hub id may be fetched.

    Returns:
        What was shrunk, by part: before and after.

    Raises:
        NotThere, Missing: A model is not there.
        BadCheckpoint: A part cannot be read, or its weights are not whole.
    """
    from medgpt_cli.models import checkpoint

    make = _joined if recipe.model.llm is not None else _whole
    model, processor, told = make(recipe, online=online)
    checkpoint.save(model, processor, folder)
    base = recipe.model.base or ("tiny" if recipe.model.llm is None else None)
    write_manifest(folder, {"model": "rehearsal", "shrunken": base, "files": file_hashes(folder)})
    return told


def _whole(recipe: Any, *, online: bool) -> tuple[Any, Any, Told]:
    from transformers import LlavaConfig

    from medgpt_cli.models import checkpoint, reading
    from medgpt_cli.models.processor import set_template
    from medgpt_cli.models.shrink import shrunken
    from medgpt_cli.models.tiles import use_tiles_of
    from medgpt_cli.models.upstream.weights import Weights
    from medgpt_cli.workflows.naming import named_model

    _, folder, adapter = named_model(recipe.model.base, recipe.model.adapter, online=online)
    config = LlavaConfig(**reading.check_folder(folder))
    Weights(folder)
    processor = checkpoint.load_processor(folder)
    set_template(processor, date=recipe.chat.date, reasoning=recipe.chat.reasoning)
    if adapter is not None:
        use_tiles_of(processor, adapter)
    model, told = shrunken(config, seed=recipe.train.seed)
    return model, processor, told


def _joined(recipe: Any, *, online: bool) -> tuple[Any, Any, Told]:
    import torch

    from medgpt_cli.models.compose import compose
    from medgpt_cli.models.parts import load_tokenizer, load_vision_tower, picture_statistics
    from medgpt_cli.models.processor import build_processor
    from medgpt_cli.models.shrink import shrunken_parts
    from medgpt_cli.models.upstream.language import LanguageWeights
    from medgpt_cli.workflows.naming import model_folder

    chosen = recipe.model
    language, seen = (model_folder(part, online=online) for part in (chosen.llm, chosen.vision))
    config = LanguageWeights(language).outline(torch.float32).config
    tower = load_vision_tower(seen)
    processor = build_processor(
        load_tokenizer(language),
        tower.config,
        template=None,
        date=recipe.chat.date,
        reasoning=recipe.chat.reasoning,
        statistics=picture_statistics(seen),
    )
    llm, vision, told = shrunken_parts(config, tower, seed=recipe.train.seed)
    layer = max(
        -vision.config.num_hidden_layers, min(chosen.feature_layer, vision.config.num_hidden_layers)
    )
    model = compose(llm, vision, processor, feature_layer=layer, seed=recipe.train.seed)
    return model, processor, told
