"""The keys of rotary positions.

llama.cpp has plain positions, linear and YaRN stretching, and llama 3's factors as a tensor of their own.  It rounds
the range over which YaRN blends to whole dimensions; gpt-oss was trained without that rounding, which no key can say.
This module knows nothing of tensors but that one.
"""

from __future__ import annotations

import math
from typing import Any

import gguf
import torch

from medgpt_cli.core.errors import BadCheckpoint

TRUNCATED = (
    "the model was trained with YaRN's truncate: false, which llama.cpp rounds (truncate: true): tokens differ "
    "from transformers', more so far into a text; a model meant for GGUF is best trained with truncate: true"
)


def add_positions(writer: gguf.GGUFWriter, text: Any) -> list[str]:
    """Adds the keys.

    Args:
        writer: Of the language model.
        text: Its configuration.

    Returns:
        Warnings for the person who exports.

    Raises:
        BadCheckpoint: The positions are of a kind llama.cpp does not have.
    """
    rope = text.rope_parameters
    kind = rope.get("rope_type", "default")
    writer.add_rope_dimension_count(head_size(text))
    writer.add_rope_freq_base(float(rope["rope_theta"]))
    if kind in ("default", "llama3"):
        return []
    if kind not in ("linear", "yarn") or {"attention_factor", "mscale", "mscale_all_dim"} & {
        name for name, value in rope.items() if value is not None
    }:
        raise BadCheckpoint(
            f"positions of the kind {kind} with these settings cannot be written as GGUF",
            where="config.json text_config.rope_parameters",
            repair="export with --to hf",
        )
    writer.add_rope_scaling_type(gguf.RopeScalingType(kind))
    writer.add_rope_scaling_factor(float(rope["factor"]))
    if kind == "linear":
        return []
    original = rope.get("original_max_position_embeddings") or text.max_position_embeddings
    writer.add_rope_scaling_orig_ctx_len(int(original))
    writer.add_rope_scaling_yarn_beta_fast(float(rope.get("beta_fast") or 32.0))
    writer.add_rope_scaling_yarn_beta_slow(float(rope.get("beta_slow") or 1.0))
    return [] if rope.get("truncate", True) else [TRUNCATED]


def head_size(text: Any) -> int:
    """Numbers of one attention head."""
    return int(getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads)


def llama3_factors(text: Any) -> torch.Tensor | None:
    """By how much each frequency is divided in llama 3.1's stretching; None for positions of another kind."""
    rope = text.rope_parameters
    if rope.get("rope_type") != "llama3":
        return None
    dims, factor = head_size(text), rope["factor"]
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    turns = rope["original_max_position_embeddings"] / (
        2 * math.pi * rope["rope_theta"] ** (torch.arange(0, dims, 2, dtype=torch.float64) / dims)
    )
    smooth = ((turns - low) / (high - low)).clamp(0, 1)
    divisors: torch.Tensor = 1 / ((1 - smooth) / factor + smooth)
    return divisors.float()
