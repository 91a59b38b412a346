"""Saving and loading a model with its processor: safetensors only, strict, with the names other programs read.

A checkpoint is a folder that `AutoProcessor` and `AutoModelForImageTextToText` load without us.  Loading never
guesses: every missing, unexpected or misshapen tensor is a refusal, because transformers itself only warns.
This module knows nothing of training state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    Mxfp4Config,
)
from transformers.integrations.mxfp4 import Mxfp4Dequantize

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.core.manifest import verify_files
from medgpt_cli.models.libraries import quiet_libraries
from medgpt_cli.models.processor import picture_rules
from medgpt_cli.models.upstream.packed import METHOD

CONFIG = "config.json"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
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
    try:
        model, info = (reader or _stock(folder))(
            folder,
            dtype=dtype or "auto",
            output_loading_info=True,
            use_safetensors=True,
            local_files_only=True,
            ignore_mismatched_sizes=True,
        )
    except (
        OSError,
        ValueError,
        RuntimeError,
        SafetensorError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise BadCheckpoint(
            "the weights cannot be read: a file is damaged or incomplete",
            where=str(folder),
            repair="copy the whole folder from its source",
        ) from error
    _refuse_gaps(folder, info, left_out)
    _forget_packing(model)
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


def _stock(folder: Path) -> Callable[..., Any]:
    return partial(AutoModelForImageTextToText.from_pretrained, **unpacking(folder))


def unpacking(folder: Path) -> dict[str, Any]:
    """How a checkpoint whose experts are MXFP4 is loaded: unpacked, on every device.

    Left to itself transformers 5.23 computes on packed experts where a GPU has the kernels for it, and there looks
    for the experts' number in the configuration of the LLaVA model, which has none, and fails.

    Args:
        folder: As for `load`.

    Returns:
        Keyword arguments of `from_pretrained`; none where nothing is packed.
    """
    packing = check_folder(folder).get("quantization_config")
    if not isinstance(packing, dict) or packing.get("quant_method") != METHOD:
        return {}
    return {"quantization_config": Mxfp4Config(dequantize=True)}


def check_folder(folder: Path) -> dict[str, Any]:
    """Reads `config.json` and refuses what is not a LLaVA checkpoint in safetensors, before anything is loaded."""
    path = folder / CONFIG
    if not path.is_file():
        raise BadCheckpoint(
            f"there is no {CONFIG}", where=str(folder), repair="name a run folder or a checkpoint folder"
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadCheckpoint(
            f"{CONFIG} is not JSON", where=str(folder), repair="copy it from its source"
        ) from error
    if not isinstance(config, dict) or config.get("model_type") != "llava":
        found = config.get("model_type") if isinstance(config, dict) else None
        raise BadCheckpoint(
            f"this is a {found or 'nameless'} model, not a LLaVA model",
            where=str(folder),
            repair="join it with a vision tower: model.llm=… model.vision=…",
        )
    if not any(folder.glob("*.safetensors")):
        pickled = any(any(folder.glob(pattern)) for pattern in PICKLES)
        raise BadCheckpoint(
            "the weights are pickled, and a pickle can run any code"
            if pickled
            else "there are no weights",
            where=str(folder),
            repair="convert them to safetensors on a machine you can throw away"
            if pickled
            else "copy the *.safetensors files here",
        )
    return config


def _forget_packing(model: Any) -> None:
    """Lets a model whose experts were unpacked be saved as it is.

    transformers 5.23 turns around on saving what it did on loading, and would write unpacked experts under the names of
    packed ones, which nothing reads.
    """
    done = getattr(model, "_weight_conversions", None)
    if done is not None:
        model._weight_conversions = [
            each
            for each in done
            if not any(isinstance(step, Mxfp4Dequantize) for step in getattr(each, "operations", ()))
        ]


def _refuse_gaps(folder: Path, info: dict[str, Any], left_out: Callable[[str], bool]) -> None:
    found = {
        kind: [name for name in map(str, info.get(f"{kind}_keys", ())) if not left_out(name)]
        for kind in ("missing", "unexpected", "mismatched")
    }
    if any(found.values()):
        example = min(name for names in found.values() for name in names)
        raise BadCheckpoint(
            "the weights do not fit the configuration: "
            + ", ".join(f"{len(names)} {kind}" for kind, names in found.items() if names)
            + f" (such as {example})",
            where=str(folder),
            repair="copy config.json and the *.safetensors files from the same source",
        )


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
