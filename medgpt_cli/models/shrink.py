"""A model of the same family with few and narrow layers, for rehearsals: its mechanisms, none of its size.

What a record becomes is kept: the tokenizer, the template, the vocabulary, the picture size and the patches, so that
every token stands where it stands in the large one.  What is shrunk is told.  This module knows nothing of training.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    PreTrainedModel,
)

LAYERS, WIDTH, HEADS, INNER, EXPERTS, CHOSEN = 4, 64, 4, 128, 8, 2
"""At most so many of each; a model that has fewer keeps its own."""


def shrink_language(config: Any) -> dict[str, tuple[int, int]]:
    """Shrinks the configuration of a language model in place.

    Returns:
        What was shrunk: before and after, by the configuration's own words.
    """
    heads = config.num_attention_heads
    grouped = getattr(config, "num_key_value_heads", None) or heads
    wanted = {
        "num_hidden_layers": LAYERS,
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS if grouped == heads else HEADS // 2,
        "head_dim": WIDTH // HEADS,
        "num_local_experts": EXPERTS,
        "num_experts_per_tok": CHOSEN,
    }
    told = _set(config, wanted)
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[: config.num_hidden_layers]
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    return told


def shrink_tower(config: Any) -> dict[str, tuple[int, int]]:
    """Shrinks the configuration of a vision tower in place; its pictures and patches stay as they are.

    Returns:
        As for `shrink_language`.
    """
    wanted = {
        "num_hidden_layers": LAYERS,
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "num_attention_heads": HEADS,
    }
    return _set(config, wanted)


def _set(config: Any, wanted: dict[str, int]) -> dict[str, tuple[int, int]]:
    told = {}
    for word, most in wanted.items():
        before = getattr(config, word, None)
        if isinstance(before, int) and before > most:
            setattr(config, word, most)
            told[word] = (before, most)
    return told


def shrunken_parts(
    language: Any, tower: PreTrainedModel, *, seed: int
) -> tuple[PreTrainedModel, PreTrainedModel, dict[str, dict[str, tuple[int, int]]]]:
    """Both parts of a model at a small size, with fresh weights.

    Args:
        language: The configuration of the language model.
        tower: The vision tower.
        seed: Of the weights.

    Returns:
        Language model, tower, and what was shrunk of each.
    """
    told = {"llm": shrink_language(language), "vision": shrink_tower(tower.config)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        llm = AutoModelForCausalLM.from_config(language, dtype=torch.float32)
        kind: Any = type(tower)
        return llm, kind(tower.config).float(), told


def shrunken(
    config: LlavaConfig, *, seed: int
) -> tuple[LlavaForConditionalGeneration, dict[str, dict[str, tuple[int, int]]]]:
    """A whole model at a small size, with fresh weights.

    Args:
        config: Its configuration; changed in place.
        seed: Of the weights.

    Returns:
        The model, and what was shrunk of each part.
    """
    told = {"llm": shrink_language(config.text_config), "vision": shrink_tower(config.vision_config)}
    if isinstance(config.vision_feature_layer, int):
        blocks = config.vision_config.num_hidden_layers
        config.vision_feature_layer = max(-blocks, min(config.vision_feature_layer, blocks))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlavaForConditionalGeneration(config).float()
    return model, told
