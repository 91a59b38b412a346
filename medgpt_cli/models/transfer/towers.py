"""The vision tower alone, out of a model of ours or a folder of transformers or open_clip, or drawn afresh.

Of a LLaVA only the tower's tensors are read, whatever the size of its language model, and picture rules are the
checkpoint's own.  This module knows nothing of the pictures it will see.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedModel

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.models import checkpoint
from medgpt_cli.models.libraries import quiet_libraries
from medgpt_cli.models.parts import load_vision_tower, picture_statistics
from medgpt_cli.models.processor import MEAN_STD, Statistics
from medgpt_cli.models.transfer import resnet
from medgpt_cli.models.transfer.network import MapMean, PatchMean
from medgpt_cli.models.upstream.open_clip_towers import CONFIG, is_open_clip
from medgpt_cli.models.upstream.weights import Weights

TOWER = re.compile(r"(?:model\.)?vision_tower\.(?:vision_model\.)?(.+)")
"""A tensor of the tower, by any name a LLaVA has had on disk."""
OPENAI: Statistics = MEAN_STD["clip_vision_model"]
"""Mean and deviation where an open_clip folder states none, as open_clip itself assumes."""


@dataclass(frozen=True)
class Tower:
    """A tower to be compared.

    Attributes:
        kind: `clip_vision_model`, `vit`, `resnet` …
        side: Pixels a side of what it sees.
        statistics: Mean and deviation of the colours it was trained with.
        load: Makes the network with its weights, on the CPU in float32; anew each time.
        draw: Makes the same network with fresh weights, from a seed.
        layers: Blocks, for a transformer; groups of them, for a ResNet.
    """

    kind: str
    side: int
    statistics: Statistics
    load: Callable[[], nn.Module]
    draw: Callable[[int], nn.Module]
    layers: int


def open_tower(folder: Path, layer: int) -> Tower:
    """The tower in a folder; its weights are read when they are asked for.

    Args:
        folder: A checkpoint of ours, or of transformers or open_clip.
        layer: Which hidden state of a transformer is its feature.

    Raises:
        BadCheckpoint: There is no tower we know, or its tensors are not whole.
        HashMismatch: A file of ours is not the one its manifest names.
    """
    quiet_libraries()
    if is_open_clip(folder):
        model = _open_clip_settings(folder)
        if resnet.is_resnet(model.get("vision_cfg", {})):
            return _resnet(folder, model)
    elif _type_of(folder) == "llava":
        return _of_llava(folder, layer)
    tower = load_vision_tower(folder)
    statistics = picture_statistics(folder) or MEAN_STD[tower.config.model_type]
    return _transformer(
        tower.config, tower.config.image_size, statistics, lambda: load_vision_tower(folder), layer
    )


def _of_llava(folder: Path, layer: int) -> Tower:
    processor = checkpoint.load_processor(folder)
    rules = processor.image_processor
    config = AutoConfig.from_pretrained(folder, local_files_only=True).vision_config
    side = rules.size.get("height") or config.image_size

    def load() -> PreTrainedModel:
        weights = Weights(folder)
        model = AutoModel.from_config(config, dtype=torch.float32)
        model = getattr(model, "vision_model", model)
        found = {match[1]: name for name in weights if (match := TOWER.fullmatch(name))}
        wanted = model.state_dict()
        state = {inner: weights[name].to(torch.float32) for inner, name in found.items()}
        faults = sorted(
            name
            for name in wanted.keys() | state.keys()
            if name not in state or name not in wanted or state[name].shape != wanted[name].shape
        )
        if faults:
            raise BadCheckpoint(
                f"{len(faults)} tensors of the tower are missing or do not belong to it (such as {faults[0]})",
                where=str(folder),
                repair="copy config.json and the *.safetensors files from the same source",
            )
        model.load_state_dict(state)
        return model.eval()

    return _transformer(config, side, (rules.image_mean, rules.image_std), load, layer)


def _transformer(
    config: Any, side: int, statistics: Statistics, load: Callable[[], nn.Module], layer: int
) -> Tower:
    def draw(seed: int) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            made = AutoModel.from_config(config, dtype=torch.float32)
        return PatchMean(getattr(made, "vision_model", made), layer).eval()

    return Tower(
        config.model_type,
        int(side),
        statistics,
        lambda: PatchMean(load(), layer),
        draw,
        int(config.num_hidden_layers),
    )


def _resnet(folder: Path, model: dict[str, Any]) -> Tower:
    settings, joint = model["vision_cfg"], int(model.get("embed_dim", 1024))

    def draw(seed: int) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return MapMean(resnet.outline(settings, joint)).eval()

    def load() -> nn.Module:
        network = resnet.filled(resnet.outline(settings, joint), Weights(folder), folder)
        return MapMean(network).eval()

    statistics = picture_statistics(folder) or OPENAI
    side = int(settings.get("image_size", 224))
    return Tower("resnet", side, statistics, load, draw, len(settings["layers"]))


def _open_clip_settings(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / CONFIG).read_text())["model_cfg"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadCheckpoint(
            "the configuration cannot be read",
            where=str(folder / CONFIG),
            repair="copy it from its source",
        ) from error


def _type_of(folder: Path) -> str:
    try:
        return str(json.loads((folder / "config.json").read_text()).get("model_type", ""))
    except (OSError, ValueError, AttributeError):
        return ""
