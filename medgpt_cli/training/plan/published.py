"""Models whose shapes are public knowledge, and what others have published about training them.

The configurations are those of the checkpoints' own `config.json`, written down so that a plan needs neither a
network nor a download.  This module knows nothing of our own figures.
"""

from __future__ import annotations

from typing import Any, NamedTuple

CLIP_L_336: dict[str, Any] = {
    "model_type": "clip_vision_model",
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "image_size": 336,
    "patch_size": 14,
    "projection_dim": 768,
}
"""openai/clip-vit-large-patch14-336."""

VIT_B_224: dict[str, Any] = {
    "model_type": "vit",
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "image_size": 224,
    "patch_size": 16,
}
"""The image half of BiomedCLIP, microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224."""

SHAPES: dict[str, dict[str, Any]] = {
    "gpt-oss-20b": {
        "model_type": "llava",
        "image_token_id": 201_087,
        "vision_feature_layer": -2,
        "vision_feature_select_strategy": "default",
        "vision_config": CLIP_L_336,
        "text_config": {
            "model_type": "gpt_oss",
            "vocab_size": 201_088,
            "hidden_size": 2880,
            "intermediate_size": 2880,
            "num_hidden_layers": 24,
            "num_attention_heads": 64,
            "num_key_value_heads": 8,
            "head_dim": 64,
            "num_local_experts": 32,
            "num_experts_per_tok": 4,
            "sliding_window": 128,
            "max_position_embeddings": 131_072,
        },
    },
    "pmc-llama-7b": {
        "model_type": "llava",
        "image_token_id": 32_000,
        "vision_feature_layer": -2,
        "vision_feature_select_strategy": "default",
        "vision_config": VIT_B_224,
        "text_config": {
            "model_type": "llama",
            "vocab_size": 32_064,
            "hidden_size": 4096,
            "intermediate_size": 11_008,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 32,
            "max_position_embeddings": 2048,
        },
    },
}
"""By the word that names them: openai/gpt-oss-20b with CLIP ViT-L/14 at 336 pixels; chaoyi-wu/PMC_LLAMA_7B, one row
of the embedding added for images and rows padded to a multiple of 64, with a ViT-B/16 at 224 pixels."""

TITLES = {
    "gpt-oss-20b": "gpt-oss-20b with CLIP ViT-L/14 at 336 pixels",
    "pmc-llama-7b": "PMC-LLaMA-7B with ViT-B/16 at 224 pixels (BiomedCLIP's)",
}

FAMILIES = {"medgpt-oss-20b": "gpt-oss-20b", "openmedq": "pmc-llama-7b"}
"""The shape that the recipes of a family are for."""


class Figure(NamedTuple):
    """What somebody else published.

    Attributes:
        what: What was done, on what.
        gib: Memory a device, in GiB.
        by: Who says so.
        unlike: In what it differs from what is planned here.
        devices: How many; None where we have no such way to train.
        tokens: Of a micro-batch.
    """

    what: str
    gib: float
    by: str
    unlike: str
    devices: int | None
    tokens: int


FIGURES: dict[str, tuple[Figure, ...]] = {
    "gpt-oss-20b": (
        Figure(
            "all parameters, 8 devices of 48 GB, FSDP2",
            36,
            "axolotl, examples/gpt-oss/README.md",
            "text only, AdamW in 8 bits, 4,096 tokens, activations in main memory",
            8,
            4096,
        ),
        Figure(
            "all parameters, 4 devices of 80 GB, FSDP2",
            46,
            "axolotl, examples/gpt-oss/README.md",
            "the same",
            4,
            4096,
        ),
        Figure(
            "LoRA of the linear layers, 1 device of 48 GB",
            44,
            "axolotl, examples/gpt-oss/README.md",
            "text only, experts frozen",
            None,
            4096,
        ),
    )
}
"""Memory as reserved from the device, which is more than is in use.  By the word of `SHAPES`."""
