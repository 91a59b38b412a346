"""A checkpoint's weights, read strictly: every one that the configuration names, and no others.

transformers itself only warns of missing, unexpected or misshapen tensors.  This module knows nothing of processors or
of training.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForImageTextToText, LlavaForConditionalGeneration, Mxfp4Config
from transformers.integrations.mxfp4 import Mxfp4Dequantize

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.models.libraries import quiet_libraries
from medgpt_cli.models.upstream.packed import METHOD

CONFIG = "config.json"
PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")


def read(
    folder: Path,
    *,
    dtype: torch.dtype | None = None,
    reader: Callable[..., Any] | None = None,
    left_out: Callable[[str], bool] = lambda name: False,
) -> LlavaForConditionalGeneration:
    """Reads a model's weights, which must be all of them and no others.

    Args:
        folder: A folder with `config.json` and safetensors.
        dtype: The dtype of all parameters; that of the files when None.
        reader: A `from_pretrained` of the same model built otherwise; the stock one when None.
        left_out: Which tensors, by name, that reader leaves to the caller.

    Raises:
        BadCheckpoint: A file is damaged, or a tensor is missing, too many, or of another shape.
    """
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
    _forget_renaming(model)
    return model


def refuse_misfit(folder: Path) -> None:
    """Compares the weights' names and shapes with the configuration, and reads no weight.

    Args:
        folder: As for `load`, in safetensors that are not packed.

    Raises:
        BadCheckpoint: A file is damaged, or a tensor is missing, too many, or of another shape.
    """
    quiet_libraries()
    check_folder(folder)
    read(folder, reader=partial(_stock(folder), device_map="meta"))


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


def _stock(folder: Path) -> Callable[..., Any]:
    return partial(AutoModelForImageTextToText.from_pretrained, **unpacking(folder))


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


def _forget_renaming(model: Any) -> None:
    """Lets a model be saved as it is: transformers 5.23 turns around on saving what it did on loading.

    It would write unpacked experts under the names of packed ones, which nothing reads; and of a model that was read
    into shards it keeps every renaming that it knows, whether these files needed it or not.
    """
    done = getattr(model, "_weight_conversions", None)
    if done is not None:
        in_shards = any(hasattr(parameter, "ds_id") for parameter in model.parameters())
        model._weight_conversions = [
            each
            for each in done
            if not any(isinstance(step, Mxfp4Dequantize) for step in getattr(each, "operations", ()))
            and (each.was_used() or not in_shards)
        ]
