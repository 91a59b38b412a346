"""The two parts of a new model, loaded from upstream checkpoint folders.

Any causal LM and any vision tower that transformers knows, safetensors only, no code from the folder.
This module knows nothing of how they are joined.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    LlavaForConditionalGeneration,
    PreTrainedModel,
)

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.core.manifest import verify_files
from medgpt_cli.models.libraries import quiet_libraries
from medgpt_cli.models.processor import MEAN_STD, Statistics
from medgpt_cli.models.upstream.halves import WHOLE, language_half
from medgpt_cli.models.upstream.open_clip_towers import is_open_clip, open_clip_tower, picture_rules_of
from medgpt_cli.models.upstream.weights import Weights


def load_language_model(folder: Path) -> tuple[PreTrainedModel, Any]:
    """A causal LM in float32 and its tokenizer; of a LLaVA the language half.

    Raises:
        BadCheckpoint: The folder holds no causal LM in safetensors, or no tokenizer.
        HashMismatch: A file is not the one the folder's manifest names.
    """
    verify_files(folder)
    if _model_type(folder) == WHOLE:
        whole = _load(folder, "model", LlavaForConditionalGeneration.from_pretrained)
        return language_half(whole), load_tokenizer(folder)
    model = _load(folder, "causal language model", AutoModelForCausalLM.from_pretrained)
    return model, load_tokenizer(folder)


def _model_type(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / "config.json").read_text())["model_type"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # whoever loads it says what is wrong


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a language model's folder.

    Raises:
        BadCheckpoint: There is none that can be read.
    """
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (
        Exception
    ) as error:  # the tokenizers library raises bare Exception for a damaged tokenizer.json
        raise BadCheckpoint(
            "there is no tokenizer that can be read",
            where=str(folder),
            repair="copy tokenizer.json and tokenizer_config.json",
        ) from error


def picture_statistics(folder: Path) -> Statistics | None:
    """Mean and standard deviation a tower's own folder names, if it does."""
    try:
        if is_open_clip(folder):
            stated = picture_rules_of(folder)
            return tuple(map(float, stated["mean"])), tuple(map(float, stated["std"]))
        rules = json.loads((folder / "preprocessor_config.json").read_text())
        return tuple(map(float, rules["image_mean"])), tuple(map(float, rules["image_std"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def load_vision_tower(folder: Path) -> PreTrainedModel:
    """A vision tower in float32; of an image-text pair such as CLIP or SigLIP, the image half.

    Raises:
        BadCheckpoint: The folder holds no vision tower we know.
        HashMismatch: A file is not the one the folder's manifest names.
    """
    verify_files(folder)
    if is_open_clip(folder):
        return open_clip_tower(folder, Weights(folder))
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, StrictDataclassError) as error:
        raise BadCheckpoint(
            "there is no config.json of a model", where=str(folder), repair="name a checkpoint folder"
        ) from error
    tower_config = getattr(config, "vision_config", config)
    if tower_config.model_type not in MEAN_STD:
        raise BadCheckpoint(
            f"a vision tower of type {tower_config.model_type} is not known here",
            where=str(folder),
            repair=f"use one of: {', '.join(sorted(MEAN_STD))}",
        )
    model = _load(folder, "vision tower", AutoModel.from_pretrained)
    return getattr(model, "vision_model", model)


def _load(folder: Path, what: str, from_pretrained: Callable[..., Any]) -> Any:
    quiet_libraries()
    try:
        model, info = from_pretrained(
            folder,
            dtype=torch.float32,
            use_safetensors=any(folder.glob("*.safetensors")),  # else torch's archive, tensors alone
            weights_only=True,
            local_files_only=True,
            output_loading_info=True,
        )
    except (
        OSError,
        ValueError,
        RuntimeError,
        KeyError,
        TypeError,
        AttributeError,
        SafetensorError,
    ) as error:
        raise BadCheckpoint(
            f"no {what} can be loaded from here",
            where=str(folder),
            repair="name a folder with config.json and whole *.safetensors files",
        ) from error
    if info["missing_keys"]:
        raise BadCheckpoint(
            f"{len(info['missing_keys'])} tensors of the {what} are missing (such as {min(info['missing_keys'])})",
            where=str(folder),
            repair="copy the whole folder from its source",
        )
    return model
