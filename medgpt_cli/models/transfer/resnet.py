"""ResNets as open_clip writes them, PMC-CLIP's among them: for transfer alone, since LLaVA cannot hold one.

This module knows nothing of what their features are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from open_clip.modified_resnet import ModifiedResNet

from medgpt_cli.core.errors import BadCheckpoint

PREFIX = "visual."
PARALLEL = "module."
"""What torch's DataParallel puts before every name, as PMC-CLIP's own training did."""
HEAD = 64
"""Width of a head in the pooling, open_clip's default."""


def is_resnet(settings: Mapping[str, Any]) -> bool:
    """Whether a `vision_cfg` of open_clip describes a ResNet of its own."""
    return isinstance(settings.get("layers"), list | tuple) and "timm_model_name" not in settings


def outline(settings: Mapping[str, Any], joint: int) -> ModifiedResNet:
    """The network a `vision_cfg` describes, freshly drawn.

    Args:
        settings: `vision_cfg`.
        joint: Width of the space shared with text, `embed_dim`.
    """
    width = settings.get("width", 64)
    return ModifiedResNet(
        layers=list(settings["layers"]),
        output_dim=joint,
        heads=width * 32 // settings.get("head_width", HEAD),
        image_size=settings.get("image_size", 224),
        width=width,
    )


def filled(network: ModifiedResNet, weights: Mapping[str, torch.Tensor], folder: Path) -> ModifiedResNet:
    """The network with the weights of a checkpoint, in float32; the text half is left out.

    Args:
        network: As `outline` made it.
        weights: By name.
        folder: For complaints.

    Raises:
        BadCheckpoint: Weights are missing, or have another shape.
    """
    wanted = network.state_dict()
    state: dict[str, torch.Tensor] = {}
    for name in weights:
        told = name.removeprefix(PARALLEL)
        if told.startswith(PREFIX) and (inner := told.removeprefix(PREFIX)) in wanted:
            state[inner] = weights[name].to(wanted[inner].dtype)
    faults = sorted(
        name for name in wanted if name not in state or state[name].shape != wanted[name].shape
    )
    if faults:
        raise BadCheckpoint(
            f"{len(faults)} tensors of the tower are missing or of another shape (such as {faults[0]})",
            where=str(folder),
            repair="copy the whole folder from its source",
        )
    network.load_state_dict(state)
    return network
