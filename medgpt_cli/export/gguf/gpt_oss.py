"""gpt-oss: sinks, sliding and full layers in turn, experts behind a router.

llama.cpp has some of its numbers in its code (the limits of its gate, which layers slide), so a model that differs
there is refused.  This module knows nothing of precision but which tensors are experts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gguf
import torch
from gguf import GGMLQuantizationType as Type

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.export.gguf import microscaling
from medgpt_cli.export.gguf.positions import head_size
from medgpt_cli.export.gguf.tensors import Read, Stored, fitting, named

ALPHA, LIMIT = 1.702, 7.0
PARTS = {"attn_q": "q_proj", "attn_k": "k_proj", "attn_v": "v_proj", "attn_output": "o_proj"}


def add_keys(writer: gguf.GGUFWriter, text: Any) -> None:
    """Adds what only gpt-oss has.

    Raises:
        BadCheckpoint: llama.cpp's gpt-oss differs from this one.
    """
    slides = ["sliding_attention", "full_attention"] * text.num_hidden_layers
    for differs, what in (
        (text.layer_types != slides[: text.num_hidden_layers], "layer_types do not slide in turn"),
        (getattr(text, "swiglu_alpha", ALPHA) != ALPHA, f"swiglu_alpha is not {ALPHA}"),
        (getattr(text, "swiglu_limit", LIMIT) != LIMIT, f"swiglu_limit is not {LIMIT}"),
        (not text.attention_bias, "attention has no biases"),
    ):
        if differs:
            raise BadCheckpoint(
                f"{what}, as llama.cpp's gpt-oss has it", where="config.json text_config",
                repair="export with --to hf",
            )  # fmt: skip
    writer.add_sliding_window(text.sliding_window)
    writer.add_expert_count(text.num_local_experts)
    writer.add_expert_used_count(text.num_experts_per_tok)
    writer.add_expert_feed_forward_length(text.intermediate_size)


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
        experts: How experts are stored.
        rest: How other matrices are.
    """
    wide, one = text.hidden_size, head_size(text)
    queries, keys = text.num_attention_heads * one, text.num_key_value_heads * one
    rows = {"attn_q": queries, "attn_k": keys, "attn_v": keys}

    def plain(name: str, origin: str, shape: tuple[int, ...], type_: Type = Type.F32) -> Stored:
        return Stored(target + name, shape, type_, lambda: named(weights, source + origin, shape))

    yield plain("attn_norm.weight", "input_layernorm.weight", (wide,))
    yield plain("post_attention_norm.weight", "post_attention_layernorm.weight", (wide,))
    for name, part in PARTS.items():
        shape = (rows[name], wide) if name in rows else (wide, queries)
        yield plain(f"{name}.weight", f"self_attn.{part}.weight", shape, fitting(rest, shape[1]))
        yield plain(f"{name}.bias", f"self_attn.{part}.bias", shape[:1])
    yield plain("attn_sinks.weight", "self_attn.sinks", (text.num_attention_heads,))
    yield plain("ffn_gate_inp.weight", "mlp.router.weight", (text.num_local_experts, wide))
    yield plain("ffn_gate_inp.bias", "mlp.router.bias", (text.num_local_experts,))
    yield from _experts(text, weights, source + "mlp.experts.", target, experts)


def _experts(
    text: Any, weights: Mapping[str, torch.Tensor], source: str, target: str, type_: Type
) -> Iterator[Stored]:
    count, wide, inner = text.num_local_experts, text.hidden_size, text.intermediate_size
    packed = f"{source}down_proj_blocks" in weights
    for name, origin, shape, rows in (
        ("ffn_gate_exps", "gate_up_proj", (2 * inner, wide), slice(0, None, 2)),
        ("ffn_up_exps", "gate_up_proj", (2 * inner, wide), slice(1, None, 2)),
        ("ffn_down_exps", "down_proj", (wide, inner), slice(None)),
    ):
        made = (count, len(range(shape[0])[rows]), shape[1])
        kind = Type.MXFP4 if packed else fitting(type_, shape[1])
        read = _matrix(weights, source + origin, (count, *shape), rows, packed=packed)
        yield Stored(f"{target}{name}.weight", made, kind, read)
        yield Stored(
            f"{target}{name}.bias",
            made[:2],
            Type.F32,
            _bias(weights, source + origin, made, shape, rows),
        )


def _matrix(
    weights: Mapping[str, torch.Tensor],
    name: str,
    shape: tuple[int, int, int],
    rows: slice,
    *,
    packed: bool,
) -> Read:
    count, outputs, inputs = shape

    def read() -> torch.Tensor:
        if packed:
            blocks = named(weights, name + "_blocks", (count, outputs, inputs // 32, 16))
            scales = named(weights, name + "_scales", (count, outputs, inputs // 32))
            return microscaling.repacked(blocks[:, rows], scales[:, rows])
        return named(weights, name, (count, inputs, outputs)).transpose(1, 2)[:, rows]

    return read


def _bias(
    weights: Mapping[str, torch.Tensor],
    name: str,
    made: tuple[int, ...],
    shape: tuple[int, int],
    rows: slice,
) -> Read:
    return lambda: named(weights, name + "_bias", (made[0], shape[0]))[:, rows]
