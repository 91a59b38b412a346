"""A trained model as the files llama.cpp reads, every tensor read back before it is called done.

llama.cpp itself is not asked: it is no dependency of ours.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import LlavaConfig, LlavaForConditionalGeneration

from medgpt_cli.core import console, files
from medgpt_cli.core.microscaling import BLOCK
from medgpt_cli.export import gguf
from medgpt_cli.export.survival import ERASED
from medgpt_cli.models import checkpoint
from medgpt_cli.models.upstream.packed import Unpacked
from medgpt_cli.models.upstream.weights import Weights
from medgpt_cli.models.upstream.writing import tensors_of
from medgpt_cli.workflows import export_check, export_facts
from medgpt_cli.workflows.experts_behind import experts_of
from medgpt_cli.workflows.export_folder import Asked, describe
from medgpt_cli.workflows.naming import Named

LAYOUT = "gguf"
NOT_ASKED = "not run: llama.cpp, which is no part of medgpt"


class Renamed(Mapping[str, torch.Tensor]):
    """A checkpoint's tensors under the names our own files have.

    Args:
        folder: The checkpoint.
        vision: The tower's `model_type`.
    """

    def __init__(self, folder: Path, vision: str) -> None:
        self._held = Weights(folder)
        self._names = {checkpoint.saved_name(name, vision): name for name in self._held}

    def __getitem__(self, name: str) -> torch.Tensor:
        return self._held[self._names[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def export(asked: Asked) -> dict[str, Any]:
    """Writes the folder, whole or not at all.

    Args:
        asked: What was asked for.

    Returns:
        What was written, for a person.

    Raises:
        GateRefusal: The tower is one llama.cpp computes wrongly, rounding would erase the training, or a tensor is not
            read back as it was meant.
    """
    named, out = asked.named, asked.out
    model, outline = _model(named, out.name)
    lost = _rounding(model, asked)
    console.say("writing the language model, the tower and the projector, and reading them back")
    with files.staged_folder(out) as folder:
        written = gguf.write(model, folder, quantise=asked.quantise, allow=asked.allow)
        stock = {
            "same_ids": 0,
            "prompts": 0,
            "pixel_cosine": 1.0,
        }  # llama.cpp pads pictures as medgpt does
        warnings = [*export_facts.warnings_of(named, stock), *written.warnings, *lost.told]
        document = {
            "to": LAYOUT,
            "quantise": asked.quantise,
            **{
                name: value
                for name, value in asdict(written).items()
                if name not in ("files", "warnings")
            },
            **lost.document,
            "not_asked": NOT_ASKED,
        }
        waivers = [*([gguf.CLIP] if _is_clip(model) else []), *([ERASED] if lost.told else [])]
        described = export_facts.model_facts(outline, model.processor)
        describe(
            folder, asked, model=described, verification=document, warnings=warnings, waivers=waivers
        )
        size = sum(each.stat().st_size for each in folder.glob("*.gguf"))
        if out.exists():
            shutil.rmtree(out)
    for warning in warnings:
        console.warn(warning)
    return {**document, "model": named.base, "out": str(out), "bytes": size, "written": True}


class Lost(NamedTuple):
    """What rounding leaves of training.

    Attributes:
        document: For the manifest.
        told: What the gate would have refused, had it not been waived.
    """

    document: dict[str, Any]
    told: list[str]


def _rounding(model: gguf.Model, asked: Asked) -> Lost:
    """Holds experts that are to be rounded against those of the models behind, before anything is written."""
    weights = Unpacked(model.weights)
    if asked.quantise != "mxfp4" or not weights.experts():
        return Lost({}, [])
    experts = experts_of(asked.named)
    for place, name in weights.experts().items():
        if (weight := weights[name]).shape[1] % BLOCK == 0:  # others are stored as F16
            experts.look(place, weight)
    told = experts.gate(unrounded="--quantise f16", waived=ERASED in asked.allow)
    return Lost({"experts": experts.as_json()}, told)


def _model(named: Named, name: str) -> tuple[gguf.Model, Any]:
    """What is handed to the writer, and the model's outline; without an adapter its weights stay on disk."""
    if named.adapter is not None:
        whole, processor = export_check.load_original(named)
        return gguf.Model(name, whole.config, processor, dict(tensors_of(whole))), whole
    processor = checkpoint.load_processor(named.folder)
    config: Any = LlavaConfig.from_pretrained(named.folder, local_files_only=True)
    with torch.device("meta"):
        outline = LlavaForConditionalGeneration(config).to(config.dtype or torch.float32)
    weights = Renamed(named.folder, config.vision_config.model_type)
    return gguf.Model(name, config, processor, weights), outline


def _is_clip(model: gguf.Model) -> bool:
    return bool(model.config.vision_config.model_type == "clip_vision_model")
