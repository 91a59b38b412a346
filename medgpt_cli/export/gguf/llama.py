"""llama: the decoder of LLaMA, PMC-LLaMA and SmolLM2.

llama.cpp turns neighbouring numbers of a head, transformers the two halves of it; so rows of queries and keys change
places.  This module knows nothing of precision but which tensors are matrices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gguf
import torch
from gguf import GGMLQuantizationType as Type

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.export.gguf.positions import head_size
from medgpt_cli.export.gguf.tensors import Stored, fitting, named


def add_keys(writer: gguf.GGUFWriter, text: Any) -> None:
    """Adds nothing; a gate other than SiLU is refused.

    Raises:
        BadCheckpoint: llama.cpp's llama differs from this one.
    """
    if text.hidden_act != "silu":
        raise BadCheckpoint(
            f"the layers use {text.hidden_act}, llama.cpp's llama SiLU",
            where="config.json text_config.hidden_act",
            repair="export with --to hf",
        )


def layer(
    text: Any,
    weights: Mapping[str, torch.Tensor],
    source: str,
    target: str,
    *,
    experts: Type,
    rest: Type,
) -> Iterator[Stored]:
    """The tensors of one layer.

    Args:
        text: Configuration.
        weights: Of the checkpoint.
        source: How the layer's names begin there.
        target: How they begin in the file.
        experts: Not used: there are none.
        rest: How matrices are stored.
    """
    wide, inner, one = text.hidden_size, text.intermediate_size, head_size(text)
    heads, shared = text.num_attention_heads, text.num_key_value_heads
    for name, origin in (("attn_norm", "input_layernorm"), ("ffn_norm", "post_attention_layernorm")):
        read = _reading(weights, f"{source}{origin}.weight", (wide,), 0)
        yield Stored(f"{target}{name}.weight", (wide,), Type.F32, read)
    for name, origin, shape, turned, biased in (
        ("attn_q", "self_attn.q_proj", (heads * one, wide), heads, text.attention_bias),
        ("attn_k", "self_attn.k_proj", (shared * one, wide), shared, text.attention_bias),
        ("attn_v", "self_attn.v_proj", (shared * one, wide), 0, text.attention_bias),
        ("attn_output", "self_attn.o_proj", (wide, heads * one), 0, text.attention_bias),
        ("ffn_gate", "mlp.gate_proj", (inner, wide), 0, text.mlp_bias),
        ("ffn_up", "mlp.up_proj", (inner, wide), 0, text.mlp_bias),
        ("ffn_down", "mlp.down_proj", (wide, inner), 0, text.mlp_bias),
    ):
        read = _reading(weights, f"{source}{origin}.weight", shape, turned)
        yield Stored(f"{target}{name}.weight", shape, fitting(rest, shape[1]), read)
        if biased:
            read = _reading(weights, f"{source}{origin}.bias", shape[:1], turned)
            yield Stored(f"{target}{name}.bias", shape[:1], Type.F32, read)


def _reading(weights: Mapping[str, torch.Tensor], name: str, shape: tuple[int, ...], heads: int) -> Any:
    def read() -> torch.Tensor:
        found = named(weights, name, shape)
        if not heads:
            return found
        return found.reshape(heads, 2, shape[0] // heads // 2, -1).transpose(1, 2).reshape(shape)

    return read
