"""A trained model as the files llama.cpp reads, every tensor read back before it is called done.

llama.cpp itself is not asked: it is no dependency of ours.
"""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from transformers import LlavaConfig, LlavaForConditionalGeneration

from medgpt_cli.core import console, files
from medgpt_cli.core.manifest import environment, file_hashes
from medgpt_cli.export import gguf
from medgpt_cli.models import checkpoint
from medgpt_cli.models.upstream.weights import Weights
from medgpt_cli.models.upstream.writing import tensors_of
from medgpt_cli.workflows import export_check, export_facts, lineage
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


def export_gguf(
    named: Named,
    out: Path,
    *,
    quantise: str,
    allow: frozenset[str],
    scored: list[dict[str, Any]],
    describe: Callable[[Path, dict[str, Any]], None],
) -> dict[str, Any]:
    """Writes the folder, whole or not at all.

    Args:
        named: The model; an adapter is added to its weights.
        out: The folder to write.
        quantise: How matrices are stored: a word of `gguf.KINDS`.
        allow: Names of waivers.
        scored: Scores of the model, for its card.
        describe: Writes card, bill of materials, manifest and sums from the facts.

    Returns:
        What was written, for a person.
    """
    model, outline = _model(named, out.name)
    console.say("writing the language model, the tower and the projector, and reading them back")
    with files.staged_folder(out) as folder:
        written = gguf.write(model, folder, quantise=quantise, allow=allow)
        stock = {
            "same_ids": 0,
            "prompts": 0,
            "pixel_cosine": 1.0,
        }  # llama.cpp pads pictures as medgpt does
        warnings = [*export_facts.warnings_of(named, stock), *written.warnings]
        document = {
            "to": LAYOUT,
            "quantise": quantise,
            **{
                name: value
                for name, value in asdict(written).items()
                if name not in ("files", "warnings")
            },
            "not_asked": NOT_ASKED,
        }
        files.write_json(folder / "verify.json", {**document, "files": file_hashes(folder)})
        chain = lineage.behind(named)
        facts = {
            "kind": "export",
            "name": out.name,
            "to": LAYOUT,
            "written": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "original": {
                "name": named.base,
                "adapter": str(named.adapter) if named.adapter else None,
                "sha256": named.hash(),
            },
            "model": export_facts.model_facts(outline, model.processor),
            "lineage": chain,
            "gates": lineage.gates_of(chain),
            "waivers": sorted(name for name in allow if name == gguf.CLIP and _is_clip(model)),
            "scores": scored,
            "verification": document,
            "warnings": warnings,
            "environment": environment(),
        }
        describe(folder, facts)
        size = sum(each.stat().st_size for each in folder.glob("*.gguf"))
        if out.exists():
            shutil.rmtree(out)
    for warning in warnings:
        console.warn(warning)
    return {**document, "model": named.base, "out": str(out), "bytes": size, "written": True}


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
