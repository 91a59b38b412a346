"""Upstream checkpoints at toy size in the layout they are published in, written by the upstream libraries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.model import CLIP, CustomTextCLIP
from safetensors.torch import save_file
from transformers import GptOssConfig, GptOssForCausalLM

from medgpt_cli.models.tiny.build import tokenizer

TEXT = {"context_length": 8, "vocab_size": 100, "width": 32, "heads": 2, "layers": 1}
CLIP_TOWER = {
    "layers": 3,
    "width": 64,
    "patch_size": 14,
    "image_size": 28,
    "head_width": 32,
    "mlp_ratio": 2.0,
}
STATISTICS = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4]}


def write_open_clip(
    folder: Path, kind: str, *, archive: bool = False, quick: bool = True
) -> torch.nn.Module:
    """A folder as `open_clip.push_to_hf_hub` lays it out, and the model in it.

    Args:
        folder: Where to.
        kind: `clip` (open_clip's own tower), `timm` (as BiomedCLIP) or `resnet`.
        archive: Whether the weights are torch's archive, as BiomedCLIP ships them.
        quick: Whether the tower uses QuickGELU, as OpenAI's does.
    """
    torch.manual_seed(5)
    settings: dict[str, Any] = {"embed_dim": 16, "text_cfg": TEXT}
    if kind == "timm":
        settings["vision_cfg"] = {
            "timm_model_name": "vit_tiny_patch16_224",
            "timm_model_pretrained": False,
            "timm_pool": "",
            "timm_proj": "linear",
            "image_size": 224,
        }
        model: torch.nn.Module = CustomTextCLIP(**settings)
    elif kind == "resnet":
        settings["vision_cfg"] = {"layers": [1, 1, 1, 1], "width": 8, "image_size": 64}
        model = CLIP(**settings)
    else:
        settings |= {"vision_cfg": CLIP_TOWER, "quick_gelu": quick}
        model = CLIP(**settings)
    for parameter in model.parameters():  # nothing may be equal by being zero
        if parameter.dim() == 1:
            torch.nn.init.normal_(parameter, 0.5, 0.2)
    folder.mkdir(parents=True, exist_ok=True)
    document = {"model_cfg": settings, "preprocess_cfg": STATISTICS}
    (folder / "open_clip_config.json").write_text(json.dumps(document))
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    if archive:
        torch.save(state, folder / "open_clip_pytorch_model.bin")
    else:
        save_file(state, folder / "open_clip_model.safetensors")
    assert open_clip.__version__.startswith("3.")
    return model.eval()


def gpt_oss_config(**changed: Any) -> GptOssConfig:
    """A gpt-oss of two layers with four experts; widths are multiples of the 32 that share a scale."""
    reader = tokenizer()
    settings: dict[str, Any] = {
        "vocab_size": len(reader),
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
        "sliding_window": 8,
        "max_position_embeddings": 4096,
        "pad_token_id": reader.pad_token_id,
        "eos_token_id": reader.eos_token_id,
    }
    return GptOssConfig(**settings | changed)


def write_packed_gpt_oss(folder: Path) -> Path:
    """gpt-oss as it is published: experts as MXFP4 blocks and scales, the rest bfloat16, in two shards.

    The numbers are drawn as codes and scales, so no rounding of ours stands between them and the checkpoint; names,
    shapes and the configuration are what transformers writes and reads.
    """
    torch.manual_seed(6)
    config = gpt_oss_config()
    state = GptOssForCausalLM(config).to(torch.bfloat16).state_dict()
    draw = torch.Generator().manual_seed(7)
    experts, width, inner = config.num_local_experts, config.hidden_size, config.intermediate_size
    shapes = {"gate_up_proj": (2 * inner, width), "down_proj": (width, inner)}
    for name in [each for each in state if each.rpartition(".")[2] in shapes]:
        del state[name]
        rows, columns = shapes[name.rpartition(".")[2]]
        blocks = (experts, rows, columns // 32, 16)
        state[name + "_blocks"] = torch.randint(0, 256, blocks, generator=draw, dtype=torch.uint8)
        state[name + "_scales"] = torch.randint(118, 123, blocks[:3], generator=draw, dtype=torch.uint8)
    folder.mkdir(parents=True, exist_ok=True)
    document = config.to_dict() | {
        "architectures": ["GptOssForCausalLM"],
        "dtype": "bfloat16",
        "quantization_config": {
            "quant_method": "mxfp4",
            "modules_to_not_convert": [
                "model.layers.*.self_attn",
                "model.layers.*.mlp.router",
                "lm_head",
            ],
        },
    }
    (folder / "config.json").write_text(json.dumps(document))
    names = sorted(state)
    shards = {
        "model-00000-of-00001.safetensors": names[::2],
        "model-00001-of-00001.safetensors": names[1::2],
    }
    for shard, held in shards.items():
        save_file(
            {name: state[name].contiguous() for name in held}, folder / shard, metadata={"format": "pt"}
        )
    placed = {name: shard for shard, held in shards.items() for name in held}
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {}, "weight_map": placed})
    )
    tokenizer().save_pretrained(folder)
    return folder
