"""A small LLaVA of each kind whose weights can be kept in four bits."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModel,
    GptOssForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

from medgpt_cli.core.manifest import file_hashes, write_manifest
from medgpt_cli.models import checkpoint
from medgpt_cli.models.compose import compose
from medgpt_cli.models.processor import build_processor
from medgpt_cli.models.tiny.build import tokenizer
from medgpt_cli.models.upstream.packed import is_experts
from tests.models.upstream.making import gpt_oss_config
from tests.parts import TOWER


def write_gpt_oss(folder: Path) -> Path:
    """A LLaVA with gpt-oss's experts, in float32."""
    torch.manual_seed(11)
    return _write(GptOssForCausalLM(gpt_oss_config()), folder)


def write_llama(folder: Path) -> Path:
    """A LLaVA with a dense llama, in float32."""
    torch.manual_seed(12)
    config = LlamaConfig(
        vocab_size=len(tokenizer()),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
    )
    return _write(LlamaForCausalLM(config), folder)


def write_published(folder: Path) -> Path:
    """The first with its experts packed, as drawn codes and scales that no rounding of ours would choose."""
    write_gpt_oss(folder)
    tensors = load_file(folder / "model.safetensors")
    draw = torch.Generator().manual_seed(13)
    for name in [each for each in tensors if is_experts(each)]:
        experts, inputs, outputs = tensors.pop(name).shape
        blocks = (experts, outputs, inputs // 32, 16)
        tensors[name + "_blocks"] = torch.randint(0, 256, blocks, generator=draw, dtype=torch.uint8)
        tensors[name + "_scales"] = torch.randint(
            117, 121, blocks[:3], generator=draw, dtype=torch.uint8
        )
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]}
    (folder / "config.json").write_text(json.dumps(config))
    write_manifest(folder, {"files": file_hashes(folder)})
    return folder


def _write(llm: PreTrainedModel, folder: Path) -> Path:
    vision = CLIPVisionModel(CLIPVisionConfig(**TOWER, projection_dim=16))
    processor = build_processor(
        tokenizer(), vision.config, template="harmony", date="2026-01-01", reasoning="low"
    )
    folder.mkdir(parents=True)
    checkpoint.save(compose(llm, vision, processor, seed=1), processor, folder)
    write_manifest(folder, {"files": file_hashes(folder)})
    return folder
