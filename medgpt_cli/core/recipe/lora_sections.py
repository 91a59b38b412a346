"""The part of a recipe that says which adapters learn in a model's place: low-rank ones (LoRA, arXiv 2106.09685).

A field's docstring is its comment in `recipe show --comments` and its row in `recipe fields`.  This module knows
nothing of PEFT.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from medgpt_cli.core.recipe.sections import AtLeastOne, Section

WORDS = ("attention", "mlp", "projector", "vision")
"""Groups of layers that can be targeted; any other word is the name of a layer of the language model."""


class Ranks(Section):
    """Ranks that differ from lora.r."""

    attention: AtLeastOne | None = None
    """Of the language model's attention; lora.r when empty."""
    mlp: AtLeastOne | None = None
    """Of its dense feed-forward layers; lora.r when empty."""
    projector: AtLeastOne | None = None
    """Of the projector; lora.r when empty."""
    vision: AtLeastOne | None = None
    """Of the vision tower; lora.r when empty."""
    experts: AtLeastOne | None = None
    """Of each expert; lora.r when empty."""


class LoRA(Section):
    """Adapters that learn in place of the weights they stand beside."""

    r: AtLeastOne | None = None
    """Rank of adapters; no adapters when empty. With it the language model learns through them alone."""
    alpha: AtLeastOne | None = None
    """Adapters are scaled by alpha / rank; twice each rank when empty."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of an adapter's input left out while training, 0 to 1; 0 beside experts."""
    targets: tuple[str, ...] = ("attention", "projector")
    """What carries them: attention, mlp, projector, vision, or the name of a language layer such as q_proj."""
    experts: bool = False
    """Whether the experts of a mixture carry them too; its router stays frozen."""
    ranks: Ranks = Ranks()
    """Ranks that differ from lora.r."""
    dora: bool = False
    """Learn length and direction apart (DoRA, arXiv 2402.09353); not for experts."""
    rslora: bool = False
    """Scale by alpha / sqrt(rank) instead (rsLoRA, arXiv 2312.03732)."""
    quantise_base: Literal["mxfp4", "nf4"] | None = None
    """Keep frozen weights in 4 bits: mxfp4 for gpt-oss's experts; nf4 (QLoRA, arXiv 2305.14314) for dense models."""
    merge: bool = True
    """Write the whole model with adapters added to its weights into model/, beside adapter/."""
