"""Models to write, and the files read back by gguf's own reader."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize
from transformers import AutoProcessor, LlavaConfig

from medgpt_cli.export import gguf
from medgpt_cli.models.upstream.weights import Weights


def model_at(folder: Path, *, name: str = "toy") -> gguf.Model:
    """A checkpoint folder as it is handed to the writer."""
    config = LlavaConfig.from_pretrained(folder, local_files_only=True)
    processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    return gguf.Model(name, config, processor, Weights(folder))


def truncating(folder: Path, copy: Path) -> Path:
    """A copy whose YaRN rounds as llama.cpp's does."""
    shutil.copytree(folder, copy)
    (copy / "manifest.json").unlink()
    document = json.loads((copy / "config.json").read_text())
    document["text_config"]["rope_parameters"]["truncate"] = True
    (copy / "config.json").write_text(json.dumps(document))
    return copy


def read_back(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray], dict[str, str]]:
    """Keys, numbers of the tensors, and the type each is stored in."""
    reader = GGUFReader(path)
    keys = {name: field.contents() for name, field in reader.fields.items()}
    numbers = {
        each.name: dequantize(each.data, each.tensor_type).reshape(each.shape[::-1].tolist())
        for each in reader.tensors
    }
    return keys, numbers, {each.name: each.tensor_type.name for each in reader.tensors}
