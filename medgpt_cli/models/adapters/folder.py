"""An adapter on disk: PEFT's configuration and safetensors, with the template and the tiles it was trained with.

What learnt without adapters in the same run (a tower trained in full) lies in the same file, under PEFT's own names
for such modules, so that `PeftModel.from_pretrained` on the base gives the trained model.  Loading is strict: a
tensor that is missing, unexpected or of another shape is a refusal, because PEFT itself only warns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.core.manifest import verify_files
from medgpt_cli.models.adapters.attach import NAME, attach
from medgpt_cli.models.tiles import save_tiles, use_tiles_of

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
TEMPLATE = "chat_template.jinja"
PREFIX = "base_model.model."
"""What PEFT puts before the name of everything in an adapter's file."""


def is_adapter_folder(path: Path) -> bool:
    """Whether a folder holds an adapter."""
    return (path / CONFIG).is_file()


def save(
    model: Any,
    processor: Any,
    folder: Path,
    weights: Mapping[str, torch.Tensor] | None = None,
) -> None:
    """Writes an adapter into an existing empty folder.

    Args:
        model: With adapters attached.
        processor: Whose dialogue template is kept, and whose number of tiles.
        folder: Where to.
        weights: The model's weights by name, where it does not hold them itself (sharded over processes).
    """
    config = model.peft_config[NAME]
    tensors = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in _tensors(model, config, weights).items()
    }
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    document = _plain(config.to_dict() | {"inference_mode": True})
    (folder / CONFIG).write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    if processor.chat_template is not None:
        (folder / TEMPLATE).write_text(processor.chat_template)
    save_tiles(processor, folder)


def read_config(folder: Path) -> Any:
    """PEFT's configuration of an adapter.

    Raises:
        BadCheckpoint: It is no LoRA adapter that can be read.
        HashMismatch: A file is not the one the folder's manifest names.
    """
    from peft import LoraConfig

    verify_files(folder)
    try:
        document = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if document.get("peft_type") != "LORA":
            raise BadCheckpoint(
                f"this is a {document.get('peft_type')} adapter, and only LoRA ones are read",
                where=str(folder),
                repair="merge it with the program that made it",
            )
        return LoraConfig(**{key: value for key, value in document.items() if key in _known(LoraConfig)})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadCheckpoint(
            f"{CONFIG} cannot be read", where=str(folder), repair="copy the whole folder from its source"
        ) from error


def load(model: Any, folder: Path) -> None:
    """Attaches an adapter from a folder and loads its weights strictly.

    Args:
        model: The model it belongs to, without adapters.
        folder: The adapter.

    Raises:
        BadCheckpoint: It does not fit the model, or is damaged.
        HashMismatch: A file is not the one the folder's manifest names.
    """
    try:
        attach(model, read_config(folder))
    except ValueError as error:
        raise BadCheckpoint(
            "the adapter fits nothing in this model",
            where=str(folder),
            repair="name the model it was trained on",
        ) from error
    load_weights(model, folder)


def load_weights(model: Any, folder: Path) -> None:
    """Loads an adapter's weights into those attached already.

    Args:
        model: With adapters attached.
        folder: An adapter of the same configuration.

    Raises:
        BadCheckpoint: Its tensors are not those of the configuration.
        HashMismatch: A file is not the one the folder's manifest names.
    """
    verify_files(folder)
    try:
        found = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise BadCheckpoint(
            f"{WEIGHTS} cannot be read",
            where=str(folder),
            repair="copy the whole folder from its source",
        ) from error
    own = _tensors(model, model.peft_config[NAME], None)
    strange = sorted(
        name
        for name in own.keys() | found.keys()
        if name not in own or name not in found or own[name].shape != found[name].shape
    )
    if strange:
        raise BadCheckpoint(
            f"{len(strange)} tensors are not those of these adapters on this model (such as {strange[0]})",
            where=str(folder),
            repair="give the ranks and targets it was trained with, and the model it belongs to",
        )
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(found[name])


def read_as(processor: Any, folder: Path) -> None:
    """Gives a processor the dialogue template and the tiles an adapter was trained with, where its folder has them."""
    use_tiles_of(processor, folder)
    path = folder / TEMPLATE
    if path.is_file():
        processor.chat_template = path.read_text()
        processor.tokenizer.chat_template = processor.chat_template


def _tensors(
    model: Any, config: Any, weights: Mapping[str, torch.Tensor] | None
) -> dict[str, torch.Tensor]:
    """Everything that belongs in an adapter's file, by the name it has there; it shares the model's memory."""
    from peft import get_peft_model_state_dict

    state = dict(model.state_dict() if weights is None else weights)
    # Told otherwise, PEFT would ask a hub for the configuration of the base to compare vocabularies.
    found = get_peft_model_state_dict(
        model, state_dict=state, adapter_name=NAME, save_embedding_layers=False
    )
    whole = tuple(f".{module}." for module in config.modules_to_save or ())
    found |= {
        name: tensor
        for name, tensor in state.items()
        if whole and any(module in f".{name}" for module in whole) and ".lora_" not in name
    }
    return {PREFIX + name: tensor for name, tensor in found.items()}


def _known(kind: type) -> set[str]:
    import dataclasses

    return {each.name for each in dataclasses.fields(kind)}


def _plain(value: Any) -> Any:
    """Sets as sorted lists, enumerations as their words, so that equal adapters are equal bytes."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value.value) if hasattr(value, "value") else value
