"""The vision tower and the projector: llama.cpp's `mmproj` file.

A SigLIP tower is exact there.  A CLIP tower is not: llama.cpp (issue 25814) puts the class token after the patches
where positions count it first, so every patch stands at its neighbour's place and one is lost.  Layers behind the one
that is projected are not written.  This module knows nothing of the language model but its width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gguf
import torch
from gguf import GGMLQuantizationType as Type

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.export.gguf.tensors import Stored, named

SIGLIP, CLIP_TOWER = "siglip_vision_model", "clip_vision_model"
STRATEGY = {SIGLIP: "full", CLIP_TOWER: "default"}
"""Which outputs llama.cpp projects: a SigLIP's all, a CLIP's without the class token."""
GELU = {"gelu_pytorch_tanh": True, "gelu": True, "quick_gelu": False}
SOURCE = "vision_tower.vision_model."


def feature_layer(config: Any) -> int:
    """How many blocks of the tower run before what is projected.

    Raises:
        BadCheckpoint: It is none of the tower's blocks, or there are several.
    """
    asked, blocks = config.vision_feature_layer, config.vision_config.num_hidden_layers
    if (
        not isinstance(asked, int)
        or not 0 < (found := asked if asked >= 0 else blocks + 1 + asked) <= blocks
    ):
        raise BadCheckpoint(
            f"vision_feature_layer {asked} cannot be written as GGUF",
            where="config.json",
            repair="export with --to hf",
        )
    return found


def check_tower(config: Any) -> None:
    """Refuses a tower or projector llama.cpp does not have.

    Raises:
        BadCheckpoint: Naming it.
    """
    tower = config.vision_config
    kind = tower.model_type
    for differs, what in (
        (kind not in STRATEGY, f"a vision tower of type {kind}"),
        (
            STRATEGY.get(kind) != config.vision_feature_select_strategy,
            f"a {kind} read by the strategy {config.vision_feature_select_strategy}",
        ),
        (
            getattr(tower, "hidden_act", "") not in GELU,
            f"a tower with {getattr(tower, 'hidden_act', '')}",
        ),
        (config.projector_hidden_act != "gelu", f"a projector with {config.projector_hidden_act}"),
        (not config.multimodal_projector_bias, "a projector without biases"),
    ):
        if differs:
            raise BadCheckpoint(
                f"{what} is not one llama.cpp has",
                where="config.json",
                repair="export with --to hf, or train with a SigLIP tower (model tiny-siglip shows one)",
            )
    feature_layer(config)


def add_keys(writer: gguf.GGUFWriter, config: Any, pictures: Any) -> None:
    """Adds the keys of tower and projector.

    Args:
        writer: Of the mmproj file.
        config: Of the whole model.
        pictures: The image processor: mean and standard deviation.
    """
    tower, layer = config.vision_config, feature_layer(config)
    writer.add_type(gguf.GGUFType.MMPROJ)
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_bool("clip.has_llava_projector", True)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_vision_use_gelu(GELU[tower.hidden_act])
    writer.add_vision_image_size(tower.image_size)
    writer.add_vision_patch_size(tower.patch_size)
    writer.add_vision_embedding_length(tower.hidden_size)
    writer.add_vision_feed_forward_length(tower.intermediate_size)
    writer.add_vision_projection_dim(config.text_config.hidden_size)
    writer.add_vision_head_count(tower.num_attention_heads)
    writer.add_vision_attention_layernorm_eps(tower.layer_norm_eps)
    writer.add_vision_block_count(layer)
    writer.add_array("clip.vision.feature_layer", [layer])
    writer.add_vision_image_mean([float(each) for each in pictures.image_mean])
    writer.add_vision_image_std([float(each) for each in pictures.image_std])


def tensors(config: Any, weights: Mapping[str, torch.Tensor], matrices: Type) -> Iterator[Stored]:
    """The tensors of tower and projector.

    Args:
        config: Of the whole model.
        weights: Of the checkpoint.
        matrices: F16 or F32.
    """
    tower = config.vision_config
    wide, inner, patch = tower.hidden_size, tower.intermediate_size, tower.patch_size
    patches = (tower.image_size // patch) ** 2
    clip = tower.model_type == CLIP_TOWER

    def of(name: str, origin: str, shape: tuple[int, ...], type_: Type = Type.F32) -> Stored:
        return Stored(name, shape, type_, lambda: named(weights, origin, shape))

    def both(name: str, origin: str, out: int, into: int) -> Iterator[Stored]:
        yield of(f"{name}.weight", f"{origin}.weight", (out, into), matrices)
        yield of(f"{name}.bias", f"{origin}.bias", (out,))

    def norm(name: str, origin: str) -> Iterator[Stored]:
        yield of(f"{name}.weight", f"{origin}.weight", (wide,))
        yield of(f"{name}.bias", f"{origin}.bias", (wide,))

    start = SOURCE + "embeddings."
    if clip:
        yield of("v.class_embd", f"{start}class_embedding", (wide,))
        yield from norm("v.pre_ln", f"{SOURCE}pre_layrnorm")
    shape = (wide, tower.num_channels, patch, patch)
    yield of("v.patch_embd.weight", f"{start}patch_embedding.weight", shape, matrices)
    if not clip:
        yield of("v.patch_embd.bias", f"{start}patch_embedding.bias", (wide,))
    yield of("v.position_embd.weight", f"{start}position_embedding.weight", (patches + clip, wide))
    for number in range(feature_layer(config)):
        origin, name = f"{SOURCE}encoder.layers.{number}.", f"v.blk.{number}."
        yield from norm(f"{name}ln1", f"{origin}layer_norm1")
        for target, part in (("attn_q", "q_proj"), ("attn_k", "k_proj"), ("attn_v", "v_proj")):
            yield from both(name + target, f"{origin}self_attn.{part}", wide, wide)
        yield from both(f"{name}attn_out", f"{origin}self_attn.out_proj", wide, wide)
        yield from norm(f"{name}ln2", f"{origin}layer_norm2")
        yield from both(f"{name}ffn_up", f"{origin}mlp.fc1", inner, wide)
        yield from both(f"{name}ffn_down", f"{origin}mlp.fc2", wide, inner)
    text = config.text_config.hidden_size
    yield from both("mm.0", "multi_modal_projector.linear_1", text, wide)
    yield from both("mm.2", "multi_modal_projector.linear_2", text, text)
