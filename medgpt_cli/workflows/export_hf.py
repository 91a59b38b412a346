"""A trained model as transformers reads it, in its own number format: the very numbers of the original, or nothing."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from medgpt_cli.core import console, files
from medgpt_cli.core.errors import GateRefusal
from medgpt_cli.export.observing import Difference
from medgpt_cli.models.checkpoint import saved_name
from medgpt_cli.models.upstream import writing
from medgpt_cli.models.upstream.packed import Unpacked
from medgpt_cli.models.upstream.weights import Weights
from medgpt_cli.workflows import export_check, export_facts
from medgpt_cli.workflows.export_folder import Asked, describe

LAYOUT = "hf"


def export(asked: Asked) -> dict[str, Any]:
    """Writes the folder, whole or not at all.

    Args:
        asked: What was asked for.

    Returns:
        What was written, for a person.

    Raises:
        GateRefusal: The copy does not answer as the original.
    """
    named, out = asked.named, asked.out
    model, processor = export_check.load_original(named)
    console.say("asking the original the fixed prompts")
    heard = export_check.hear(model, processor)
    told = export_facts.model_facts(model, processor)
    with files.staged_folder(out) as folder:
        write_settings(model, processor, folder)
        tensors = writing.tensors_of(model)
        if named.adapter is None:  # copied from file to file, one by one
            tensors = stored(named.folder, model.config.vision_config.model_type)
        size = writing.write_shards(tensors, folder)
        del model, tensors
        gc.collect()
        console.say("asking the copy, loaded by transformers alone")
        differs = export_check.hear_again(folder, heard)
        refuse_another(differs, out)
        stock = export_check.stock_reading(folder)
        written = {"to": LAYOUT, **differs.as_json(), "stock_processor": stock}
        warnings = export_facts.warnings_of(named, stock)
        describe(folder, asked, model=told, verification=written, warnings=warnings)
        if out.exists():
            shutil.rmtree(out)
    for warning in warnings:
        console.warn(warning)
    return {**written, "model": named.base, "out": str(out), "bytes": size, "written": True}


def refuse_another(differs: Difference, out: Path) -> None:
    """Refuses a copy that is another model.

    Args:
        differs: How far it is from what it was to be.
        out: Where it was to stand.

    Raises:
        GateRefusal: It differs at all.
    """
    if not differs.none:
        raise GateRefusal(
            "the copy does not answer as the original: logits differ by up to "
            f"{differs.max_logit:.3g}, greedy answers agree at {differs.greedy:.1%} of their tokens",
            where=str(out),
            repair="this is a fault of the export; nothing was kept",
        )


def write_settings(model: Any, processor: Any, folder: Path) -> None:
    """Writes configuration, generation settings and processor.

    Args:
        model: The model, or its outline.
        processor: Beside it.
        folder: Where to.
    """
    for config in (model.config, model.config.text_config):
        config.use_cache = (
            True  # training turns it off, and a reader of the file would generate without it
        )
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    processor.save_pretrained(folder)


def stored(folder: Path, vision: str) -> Iterator[tuple[str, torch.Tensor]]:
    """A checkpoint's tensors from disk, one by one, by the names other programs look for; packed ones unpacked.

    Args:
        folder: The checkpoint.
        vision: The tower's `model_type`.
    """
    held = Unpacked(Weights(folder))
    yield from ((saved_name(name, vision), held[name]) for name in held)
