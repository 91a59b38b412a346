"""More positions for a language model than it was trained with: YaRN (arXiv 2309.00071), as transformers has it.

Slow dimensions of the rotary embedding are stretched by the factor, fast ones left alone, and attention is scaled by
0.1·ln(factor) + 1.  It stands in the model's configuration, so that whatever loads a checkpoint does the same.  This
module knows nothing of recipes.
"""

from __future__ import annotations

from typing import Any


def context_of(config: Any) -> int:
    """Tokens the language model of a configuration holds."""
    return int(config.get_text_config().max_position_embeddings)


def scaling_of(config: Any) -> str:
    """How the positions of a configuration's language model are scaled already, for a person; empty if plain."""
    rope = getattr(config.get_text_config(), "rope_parameters", None)
    if not rope or any(isinstance(value, dict) for value in rope.values()):
        return "positions of its own kind"
    kind = rope.get("rope_type", "default")
    if kind == "default":
        return ""
    name = "YaRN" if kind == "yarn" else kind
    return f"{name} x{rope['factor']:g}" if "factor" in rope else name


def stretch(model: Any, *, factor: float, original: int | None = None) -> None:
    """Stretches the context of a LLaVA model whose positions are plain.

    Args:
        model: The model; its configuration is changed too.
        factor: How many times.
        original: Tokens it was trained with; what its configuration says when None.

    Raises:
        ValueError: The positions are scaled already.
    """
    config = model.config.text_config
    if scaling_of(config):
        raise ValueError(f"positions are scaled already: {scaling_of(config)}")
    original = original or config.max_position_embeddings
    config.rope_parameters = config.rope_parameters | {
        "rope_type": "yarn",
        "factor": factor,
        "original_max_position_embeddings": original,
    }
    config.max_position_embeddings = int(original * factor)
    language_model = model.model.language_model
    language_model.config = config
    language_model.rotary_emb = type(language_model.rotary_emb)(config=config)
