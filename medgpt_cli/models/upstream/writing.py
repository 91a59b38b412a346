"""A composed model written to disk while most of it still lies in its upstream folder.

At no time is more in memory than one shard of what is written and one tensor of what is read, beside the tower, the
projector, the embedding and the head.  The files are those that saving the whole model would give.  This module knows
nothing of how the outline was composed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from medgpt_cli.models.checkpoint import saved_name

SHARD = 2 * 2**30
"""Bytes of a shard, at most, where no single tensor is larger."""
INDEX = "model.safetensors.index.json"


def write_weights(
    model: Any,
    read: Callable[[str], torch.Tensor],
    folder: Path,
    *,
    dtype: torch.dtype,
    shard_bytes: int = SHARD,
) -> int:
    """Writes every tensor of a composed model.

    Args:
        model: Composed; the weights of its language model's layers may be on the meta device.
        read: From a tensor's name in the language model to the tensor.
        folder: Where to.
        dtype: Of all that is written.
        shard_bytes: At most, where no single tensor is larger.

    Returns:
        Bytes of all tensors.
    """
    tensors = ((name, tensor.detach().to(dtype)) for name, tensor in tensors_of(model, read))
    return write_shards(tensors, folder, shard_bytes=shard_bytes)


def write_shards(
    tensors: Iterable[tuple[str, torch.Tensor]], folder: Path, *, shard_bytes: int = SHARD
) -> int:
    """Writes tensors one by one, in the number formats they come in.

    Args:
        tensors: By the names they shall have in the files.
        folder: Where to.
        shard_bytes: At most, where no single tensor is larger.

    Returns:
        Bytes of all tensors.
    """
    placed: dict[str, int] = {}
    shard: dict[str, torch.Tensor] = {}
    total = held = count = 0
    for name, tensor in tensors:
        made = tensor.detach().contiguous()
        size = made.numel() * made.element_size()
        if shard and held + size > shard_bytes:
            count, shard, held = count + 1, _save(shard, folder, count), 0
        shard[name], placed[name] = made, count
        held, total = held + size, total + size
    _save(shard, folder, count)
    names = [f"model-{number + 1:05d}-of-{count + 1:05d}.safetensors" for number in range(count + 1)]
    if count == 0:
        (folder / _part(0)).rename(folder / "model.safetensors")
        return total
    for number, name in enumerate(names):
        (folder / _part(number)).rename(folder / name)
    document = {
        "metadata": {"total_size": total},
        "weight_map": {name: names[number] for name, number in sorted(placed.items())},
    }
    (folder / INDEX).write_text(json.dumps(document, indent=2) + "\n")
    return total


def tensors_of(
    model: Any, read: Callable[[str], torch.Tensor] | None = None
) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of a LLaVA model one by one, by the names other programs look for.

    Args:
        model: The model.
        read: From a tensor's name in the language model to the tensor, where some are on the meta device.
    """
    tied = model.config.tie_word_embeddings
    for name, tensor in model.state_dict().items():
        if tied and name == "lm_head.weight":
            continue  # it is the embedding
        if tensor.is_meta and read is not None:
            tensor = read(name.replace("model.language_model.", "model.", 1))
        yield saved_name(name, model.config.vision_config.model_type), tensor


def _save(shard: dict[str, torch.Tensor], folder: Path, number: int) -> dict[str, torch.Tensor]:
    save_file(shard, folder / _part(number), metadata={"format": "pt"})
    return {}


def _part(number: int) -> str:
    return f"part-{number:05d}.safetensors"
