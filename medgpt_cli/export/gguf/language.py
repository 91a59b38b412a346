"""The language model's file: its keys, and its tensors from the embedding to the head.

This module knows nothing of towers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import gguf
import torch
from gguf import GGMLQuantizationType as Type

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.export.gguf import gpt_oss, llama, positions
from medgpt_cli.export.gguf.tensors import Stored, fitting, named

ARCHITECTURES: dict[str, tuple[str, ModuleType]] = {
    "gpt_oss": ("gpt-oss", gpt_oss),
    "llama": ("llama", llama),
}
"""llama.cpp's name, and the module that knows the layers, by transformers' name."""
SOURCE = "language_model."


def architecture(text: Any) -> tuple[str, ModuleType]:
    """llama.cpp's name for a decoder, and what knows its layers.

    Raises:
        BadCheckpoint: It is not one that is written here.
    """
    if text.model_type not in ARCHITECTURES:
        raise BadCheckpoint(
            f"a language model of type {text.model_type} is not written as GGUF",
            where="config.json text_config.model_type",
            repair=f"use one of: {', '.join(ARCHITECTURES)}",
        )
    return ARCHITECTURES[text.model_type]


def add_keys(writer: gguf.GGUFWriter, text: Any) -> list[str]:
    """Adds the keys of the decoder.

    Args:
        writer: Made for its architecture.
        text: Configuration.

    Returns:
        Warnings for the person who exports.

    Raises:
        BadCheckpoint: llama.cpp cannot compute this model.
    """
    size = positions.head_size(text)
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_vocab_size(text.vocab_size)
    writer.add_block_count(text.num_hidden_layers)
    writer.add_context_length(text.max_position_embeddings)
    writer.add_embedding_length(text.hidden_size)
    writer.add_feed_forward_length(text.intermediate_size)
    writer.add_head_count(text.num_attention_heads)
    writer.add_head_count_kv(text.num_key_value_heads)
    writer.add_key_length(size)
    writer.add_value_length(size)
    writer.add_layer_norm_rms_eps(text.rms_norm_eps)
    architecture(text)[1].add_keys(writer, text)
    return positions.add_positions(writer, text)


def tensors(
    text: Any, weights: Mapping[str, torch.Tensor], *, experts: Type, rest: Type
) -> Iterator[Stored]:
    """The tensors of the decoder.

    Args:
        text: Configuration.
        weights: Of the checkpoint.
        experts: How experts are stored.
        rest: How other matrices are.
    """
    shape = (text.vocab_size, text.hidden_size)
    matrix = fitting(rest, text.hidden_size)
    embedding = f"{SOURCE}model.embed_tokens.weight"
    head = embedding if text.tie_word_embeddings else f"{SOURCE}lm_head.weight"
    yield Stored("token_embd.weight", shape, matrix, lambda: named(weights, embedding, shape))
    if (factors := positions.llama3_factors(text)) is not None:
        yield Stored("rope_freqs.weight", tuple(factors.shape), Type.F32, lambda: factors)
    layers = architecture(text)[1].layer
    for number in range(text.num_hidden_layers):
        source, target = f"{SOURCE}model.layers.{number}.", f"blk.{number}."
        yield from layers(text, weights, source, target, experts=experts, rest=rest)
    last, wide = f"{SOURCE}model.norm.weight", (text.hidden_size,)
    yield Stored("output_norm.weight", wide, Type.F32, lambda: named(weights, last, wide))
    yield Stored("output.weight", shape, matrix, lambda: named(weights, head, shape))
