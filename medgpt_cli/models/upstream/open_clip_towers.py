"""Vision towers as open_clip writes them, told in the names and the configuration of stock transformers towers.

open_clip's own transformer becomes `CLIPVisionModel` (ViT-L/14 of OpenAI, LAION and others); a timm ViT inside it,
which is what BiomedCLIP is, becomes `ViTModel`, since `CLIPVisionModel` has a norm before its first block that timm
has not.  The layouts are those of open_clip 3.3 (`model.py`, `transformer.py`) and timm 1.0 (`vision_transformer.py`).
This module knows nothing of files other than `open_clip_config.json`, and of nothing but the image half.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import CLIPVisionConfig, CLIPVisionModel, PreTrainedModel, ViTConfig, ViTModel

from medgpt_cli.core.errors import BadCheckpoint

CONFIG = "open_clip_config.json"
HEAD = 64
"""Width of a head in every plain ViT of timm, from tiny to large; its weights do not tell."""
PLAIN = re.compile(r"vit_(tiny|small|base|large)_patch(\d+)_(\d+)")

Tensors = Mapping[str, torch.Tensor]
_CLIP = (
    (r"visual\.class_embedding", "embeddings.class_embedding"),
    (r"visual\.positional_embedding", "embeddings.position_embedding.weight"),
    (r"visual\.conv1\.weight", "embeddings.patch_embedding.weight"),
    (r"visual\.ln_pre\.(\w+)", r"pre_layrnorm.\1"),
    (r"visual\.ln_post\.(\w+)", r"post_layernorm.\1"),
    (r"visual\.transformer\.resblocks\.(\d+)\.ln_1\.(\w+)", r"encoder.layers.\1.layer_norm1.\2"),
    (r"visual\.transformer\.resblocks\.(\d+)\.ln_2\.(\w+)", r"encoder.layers.\1.layer_norm2.\2"),
    (r"visual\.transformer\.resblocks\.(\d+)\.mlp\.c_fc\.(\w+)", r"encoder.layers.\1.mlp.fc1.\2"),
    (r"visual\.transformer\.resblocks\.(\d+)\.mlp\.c_proj\.(\w+)", r"encoder.layers.\1.mlp.fc2.\2"),
    (
        r"visual\.transformer\.resblocks\.(\d+)\.attn\.out_proj\.(\w+)",
        r"encoder.layers.\1.self_attn.out_proj.\2",
    ),
    (
        r"visual\.transformer\.resblocks\.(\d+)\.attn\.in_proj_(\w+)",
        r"encoder.layers.\1.self_attn.QKV.\2",
    ),
)
_TIMM = (
    (r"visual\.trunk\.cls_token", "embeddings.cls_token"),
    (r"visual\.trunk\.pos_embed", "embeddings.position_embeddings"),
    (r"visual\.trunk\.patch_embed\.proj\.(\w+)", r"embeddings.patch_embeddings.projection.\1"),
    (r"visual\.trunk\.norm\.(\w+)", r"layernorm.\1"),
    (r"visual\.trunk\.blocks\.(\d+)\.norm1\.(\w+)", r"layers.\1.layernorm_before.\2"),
    (r"visual\.trunk\.blocks\.(\d+)\.norm2\.(\w+)", r"layers.\1.layernorm_after.\2"),
    (r"visual\.trunk\.blocks\.(\d+)\.mlp\.(fc\d)\.(\w+)", r"layers.\1.mlp.\2.\3"),
    (r"visual\.trunk\.blocks\.(\d+)\.attn\.proj\.(\w+)", r"layers.\1.attention.o_proj.\2"),
    (r"visual\.trunk\.blocks\.(\d+)\.attn\.qkv\.(\w+)", r"layers.\1.attention.QKV.\2"),
)
_ONLY_FOR_PAIRS = re.compile(r"(?!visual\.)|visual\.(proj|head\..*|trunk\.fc_norm\..*)$")
"""The text half, and what projects the image half's answer beside it."""
_UPSTREAM_LACKS = re.compile(r"pooler\.|.*position_ids$")
"""What stock towers have that is not learnt upstream."""


def is_open_clip(folder: Path) -> bool:
    """Whether a folder is as open_clip writes it."""
    return (folder / CONFIG).is_file()


def picture_rules_of(folder: Path) -> Any:
    """What `open_clip_config.json` says of pictures: `mean`, `std` and more, as far as it does."""
    return _document(folder).get("preprocess_cfg", {})


def open_clip_tower(folder: Path, weights: Tensors) -> PreTrainedModel:
    """The image half as a stock tower, in float32.

    Args:
        folder: Holds `open_clip_config.json`.
        weights: Its tensors.

    Raises:
        BadCheckpoint: The tower is of a kind that no stock tower equals (a ResNet, a ViT with extras).
    """
    settings = _document(folder).get("model_cfg", {}).get("vision_cfg", {})
    if "timm_model_name" in settings:
        _require_plain(settings, folder)
        config: Any = _timm_config(settings, weights, folder)
        return _filled(_without_pooling(ViTModel(config)), _TIMM, weights, folder)
    if not isinstance(settings.get("layers"), int):
        raise _unlike(folder, "is no vision transformer", "LLaVA holds none but those")
    config = _clip_config(
        settings, weights, quick=bool(_document(folder)["model_cfg"].get("quick_gelu"))
    )
    return _filled(CLIPVisionModel(config), _CLIP, weights, folder)


def _document(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / CONFIG).read_text())
        return dict(found)
    except (OSError, ValueError, TypeError) as error:
        raise BadCheckpoint(
            "the configuration cannot be read",
            where=str(folder / CONFIG),
            repair="copy it from its source",
        ) from error


def _clip_config(settings: dict[str, Any], weights: Tensors, *, quick: bool) -> CLIPVisionConfig:
    width = settings.get("width", 768)
    hidden = weights["visual.transformer.resblocks.0.mlp.c_fc.weight"].shape[0]
    return CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=hidden,
        num_hidden_layers=settings["layers"],
        num_attention_heads=width // settings.get("head_width", 64),
        image_size=settings.get("image_size", 224),
        patch_size=settings["patch_size"],
        hidden_act="quick_gelu" if quick else "gelu",
        projection_dim=weights["visual.proj"].shape[1],
    )


def _require_plain(settings: dict[str, Any], folder: Path) -> None:
    name = settings["timm_model_name"]
    if PLAIN.fullmatch(name.partition(".")[0]) is None:
        raise _unlike(folder, f"holds timm's {name}", "vit_{tiny,small,base,large}_patchN_M are read")


def _timm_config(settings: dict[str, Any], weights: Tensors, folder: Path) -> ViTConfig:
    patch = weights["visual.trunk.patch_embed.proj.weight"]
    width, side = patch.shape[0], patch.shape[-1]
    blocks = {name.split(".")[3] for name in weights if name.startswith("visual.trunk.blocks.")}
    size = settings.get("image_size", 224)
    if weights["visual.trunk.pos_embed"].shape[1] != (size // side) ** 2 + 1:
        raise _unlike(
            folder, "has other positions than patches and one class token", "a plain ViT is read"
        )
    return ViTConfig(
        hidden_size=width,
        intermediate_size=weights["visual.trunk.blocks.0.mlp.fc1.weight"].shape[0],
        num_hidden_layers=len(blocks),
        num_attention_heads=width // HEAD,
        image_size=size,
        patch_size=side,
        hidden_act="gelu",
        layer_norm_eps=1e-6,
        qkv_bias="visual.trunk.blocks.0.attn.qkv.bias" in weights,
    )


def _filled(
    model: PreTrainedModel, renaming: tuple[tuple[str, str], ...], weights: Tensors, folder: Path
) -> PreTrainedModel:
    wanted = model.state_dict()
    state: dict[str, torch.Tensor] = {}
    for name in weights:
        told = _renamed(name, renaming)
        if told is None:
            if _ONLY_FOR_PAIRS.match(name) is None:
                raise _unlike(folder, f"has {name}, which no stock tower has", "a plain ViT is read")
            continue
        for part, tensor in _parted(told, weights[name]):
            state[part] = tensor.to(torch.float32).reshape(wanted[part].shape)
    if missing := sorted(
        name for name in wanted.keys() - state.keys() if not _UPSTREAM_LACKS.match(name)
    ):
        raise BadCheckpoint(
            f"{len(missing)} tensors of the tower are missing (such as {missing[0]})",
            where=str(folder),
            repair="copy the whole folder from its source",
        )
    model.load_state_dict(state, strict=False)
    return model.eval()


def _without_pooling(model: ViTModel) -> ViTModel:
    # Stock loading builds the pooling layer, so the checkpoint must hold it; LLaVA never asks it, and it never learns.
    for parameter in model.pooler.parameters():
        torch.nn.init.zeros_(parameter)
    return model


def _renamed(name: str, renaming: tuple[tuple[str, str], ...]) -> str | None:
    for pattern, replacement in renaming:
        if found := re.fullmatch(pattern, name):
            return found.expand(replacement)
    return None


def _parted(name: str, tensor: torch.Tensor) -> list[tuple[str, torch.Tensor]]:
    """One tensor, or three where query, key and value lie one on the other."""
    if ".QKV." not in name:
        return [(name, tensor)]
    names = [name.replace(".QKV.", f".{which}_proj.") for which in "qkv"]
    return list(zip(names, tensor.chunk(3), strict=True))


def _unlike(folder: Path, what: str, repair: str) -> BadCheckpoint:
    return BadCheckpoint(f"the tower {what}", where=str(folder), repair=repair)
