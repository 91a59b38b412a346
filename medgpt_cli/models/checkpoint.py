"""Saving and loading a model with its processor: safetensors only, strict, with the names other programs read.

A checkpoint is a folder that `AutoProcessor` and `AutoModelForImageTextToText` load without us.  Loading never
guesses: every missing, unexpected or misshapen tensor is a refusal, because transformers itself only warns.
This module knows nothing of training state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoProcessor, LlavaForConditionalGeneration, LlavaProcessor

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.core.manifest import verify_files
from medgpt_cli.models import reading
from medgpt_cli.models.libraries import quiet_libraries
from medgpt_cli.models.processor import picture_rules
from medgpt_cli.models.reading import check_folder

TOWER = "vision_tower."
LEGACY_TOWER = "vision_tower.vision_model."
"""How vLLM 0.32 and every LLaVA before transformers 5 name a CLIP or SigLIP tower; transformers reads both."""

NESTED_TOWERS = frozenset({"clip_vision_model", "siglip_vision_model"})


def save(
    model: LlavaForConditionalGeneration,
    processor: LlavaProcessor,
    folder: Path,
    weights: Mapping[str, torch.Tensor] | None = None,
) -> None:
    """Writes weights, configuration, tokenizer, template and picture rules into an existing empty folder.

    Args:
        model: The model.
        processor: Its processor.
        folder: Where to.
        weights: The model's weights by name, where it does not hold them itself (sharded over processes).
    """
    quiet_libraries()
    model.save_pretrained(folder, state_dict=None if weights is None else dict(weights))
    processor.save_pretrained(folder)
    if model.config.vision_config.model_type in NESTED_TOWERS:
        for shard in sorted(folder.glob("*.safetensors")):
            _rename_tower(shard)
        index = folder / "model.safetensors.index.json"
        if index.exists():
            document = json.loads(index.read_text())
            document["weight_map"] = {_legacy(k): v for k, v in document["weight_map"].items()}
            index.write_text(json.dumps(document, indent=2))


def saved_name(name: str, vision_type: str) -> str:
    """The name under which other programs look for a tensor of a LLaVA model.

    Args:
        name: Its name in the model in memory.
        vision_type: The tower's `model_type`.
    """
    if name.startswith("model.language_model."):
        return "language_model.model." + name.removeprefix("model.language_model.")
    if name.startswith("lm_head."):
        return "language_model." + name
    name = name.removeprefix("model.")
    return _legacy(name) if vision_type in NESTED_TOWERS else name


def _legacy(name: str) -> str:
    if name.startswith(TOWER) and not name.startswith(LEGACY_TOWER):
        return LEGACY_TOWER + name.removeprefix(TOWER)
    return name


def _rename_tower(shard: Path) -> None:
    with safe_open(shard, "pt") as file:
        names = list(file.keys())
        if all(_legacy(name) == name for name in names):
            return
        tensors = {_legacy(name): file.get_tensor(name) for name in names}
    save_file(tensors, shard, metadata={"format": "pt"})


def load_processor(folder: Path) -> LlavaProcessor:
    """The processor of a checkpoint alone: tokenizer, template and picture rules, without any weight.

    Args:
        folder: As for `load`.

    Raises:
        BadCheckpoint: Something is missing, or not a processor of ours.
        HashMismatch: A file is not the one the folder's manifest names.
    """
    quiet_libraries()
    verify_files(folder)
    check_folder(folder)
    try:
        processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    except (
        Exception
    ) as error:  # the tokenizers library raises bare Exception for a damaged tokenizer.json
        raise BadCheckpoint(
            "the processor files cannot be read",
            where=str(folder),
            repair="copy the whole folder from its source",
        ) from error
    if not isinstance(processor, LlavaProcessor):
        raise BadCheckpoint(
            f"the processor is a {type(processor).__name__}, not a LlavaProcessor",
            where=str(folder),
            repair="name a folder that medgpt wrote, or compose one with model.llm and model.vision",
        )
    return processor


def load(
    folder: Path,
    *,
    dtype: torch.dtype | None = None,
    reader: Callable[..., Any] | None = None,
    left_out: Callable[[str], bool] = lambda name: False,
) -> tuple[LlavaForConditionalGeneration, LlavaProcessor]:
    """Loads a checkpoint strictly, in evaluation mode, on CPU.

    Args:
        folder: A folder with `config.json`, safetensors and a processor.
        dtype: The dtype of all parameters; that of the files when None.
        reader: A `from_pretrained` of the same model built otherwise; the stock one when None.
        left_out: Which tensors, by name, that reader leaves to the caller.

    Raises:
        BadCheckpoint: Something is missing, damaged, of another shape, or not a model of ours.
        HashMismatch: A file is not the one the folder's manifest names.
    """
    processor = load_processor(folder)
    model = reading.read(folder, dtype=dtype, reader=reader, left_out=left_out)
    _check_image_token(folder, model, processor)
    if "height" not in processor.image_processor.size or processor.image_processor.do_center_crop:
        # Other people's LLaVA crops the middle out of a picture; ours never does.
        processor.image_processor = picture_rules(
            model.config.vision_config,
            statistics=(processor.image_processor.image_mean, processor.image_processor.image_std),
        )
    if processor.tokenizer.chat_template is None:
        processor.tokenizer.chat_template = processor.chat_template
    return model.eval(), processor


def _check_image_token(
    folder: Path, model: LlavaForConditionalGeneration, processor: LlavaProcessor
) -> None:
    weight = model.get_input_embeddings().weight
    rows = getattr(weight, "ds_shape", weight.shape)[0]  # its whole shape where it was read into shards
    if model.config.image_token_id != processor.image_token_id or processor.image_token_id >= rows:
        raise BadCheckpoint(
            "the tokenizer's image token is not the one the model was trained with",
            where=str(folder),
            repair="copy tokenizer and config.json from the same source",
        )
