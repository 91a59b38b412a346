"""The parts of a `stage: export` recipe: which model is written, and as what.

A field's docstring is its comment in `recipe show --comments` and its row in `recipe fields`.  This module knows
nothing of how a layout is written.
"""

from __future__ import annotations

from typing import Literal

from medgpt_cli.core.recipe.sections import Section

Layout = Literal["hf", "mxfp4", "gguf"]
"""What can be written, for `--to` and `export.to` alike."""

Waiver = Literal["clip-gguf", "erased-delta"]
"""Refusals that can be waived, for `--allow` and `export.allow` alike."""


class ExportedModel(Section):
    """Which model is written."""

    base: str | None = None
    """Run or checkpoint folder, hub id, tiny or small; tiny when empty. In medgpt run the last stage's model."""
    adapter: str | None = None
    """Adapter to add to it: run or adapter folder; without `base`, to the model it was trained on."""


class Copied(Section):
    """As what it is written."""

    to: Layout = "hf"
    """Layout: hf is safetensors, as transformers and vLLM read; mxfp4 the same, experts packed; gguf for llama.cpp."""
    quantise: Literal["mxfp4", "q8_0", "f16", "f32"] | None = None
    """How matrices of a GGUF are stored; mxfp4 (experts; the rest q8_0) when empty."""
    allow: tuple[Waiver, ...] = ()
    """Refusals that are waived, by name; the card names them."""
    scores: tuple[str, ...] = ()
    """Evaluations of this model for its card; in medgpt run that of the last stage when empty."""
