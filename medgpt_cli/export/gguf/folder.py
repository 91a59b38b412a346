"""The folder of a GGUF export: the language model, the tower with its projector, and a Modelfile.

What llama.cpp cannot compute is refused before anything is written; what it computes differently is written only
when waived by name, or told.  This module knows nothing of commands, hashes or manifests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import torch
from gguf import GGMLQuantizationType as Type
from gguf import LlamaFileType

from medgpt_cli.core import files
from medgpt_cli.core.errors import GateRefusal, UsageError
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.export.gguf import language, tower
from medgpt_cli.export.gguf.checking import read_back
from medgpt_cli.export.gguf.template import add_template
from medgpt_cli.export.gguf.tensors import write_all
from medgpt_cli.export.gguf.vocabulary import add_vocabulary

MODEL, MMPROJ, MODELFILE = "model.gguf", "mmproj.gguf", "Modelfile"
CLIP = "clip-gguf"
"""The waiver for a tower that llama.cpp computes wrongly."""
KINDS = {
    "mxfp4": (Type.MXFP4, Type.Q8_0, LlamaFileType.MOSTLY_MXFP4_MOE),
    "q8_0": (Type.Q8_0, Type.Q8_0, LlamaFileType.MOSTLY_Q8_0),
    "f16": (Type.F16, Type.F16, LlamaFileType.MOSTLY_F16),
    "f32": (Type.F32, Type.F32, LlamaFileType.ALL_F32),
}
"""How experts and other matrices are stored, by the word a person says."""
CLIP_FAULT = (
    "llama.cpp (issue 25814) reads a CLIP tower's class token at the wrong end: every patch gets its neighbour's "
    "position and one is lost, so it does not see what the model was trained to see"
)
OLLAMA = """\
# Experimental: Ollama's handling of a model in two files changes from release to release.
# Run in this folder: ollama create NAME -f Modelfile
FROM .
PARAMETER temperature 0
"""


@dataclass(frozen=True)
class Model:
    """A model as it is handed over; its weights may lie on disk.

    Attributes:
        name: What the files call it.
        config: A stock `LlavaConfig`.
        processor: Its stock processor: tokenizer, template, picture rules.
        weights: Its tensors under the names checkpoints of ours have, each read when it is asked for.
    """

    name: str
    config: Any
    processor: Any
    weights: Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        files: Names in the folder.
        types: How many tensors of all files are stored in which type.
        rounded: By expert tensor: what rounding to MXFP4 changed, relative to its norm; 0 where nothing.
        off: By file and type: how far the worst tensor, read back, is from its original, relative to its norm.
        warnings: What a person must know before using the files.
    """

    files: tuple[str, ...]
    types: dict[str, int]
    rounded: dict[str, float]
    off: dict[str, dict[str, float]]
    warnings: tuple[str, ...]


def write(
    model: Model, out: Path, *, quantise: str = "mxfp4", allow: frozenset[str] = frozenset()
) -> Written:
    """Writes a model as GGUF.

    Args:
        model: What to write.
        out: An existing folder.
        quantise: A word of `KINDS`.
        allow: Names of waivers.

    Raises:
        UsageError: There is no such word.
        BadCheckpoint: llama.cpp has no such model, or a tensor is missing.
        GateRefusal: The tower is a CLIP, and `clip-gguf` is not waived; or a tensor is not read back as it was meant.
    """
    if quantise not in KINDS:
        raise UsageError(
            f"there is no precision {quantise}",
            repair=did_you_mean(quantise, KINDS) or f"use one of: {', '.join(KINDS)}",
        )
    experts, rest, kind = KINDS[quantise]
    config, processor, weights = model.config, model.processor, model.weights
    name, _ = language.architecture(config.text_config)
    tower.check_tower(config)
    warnings = []
    if config.vision_config.model_type == tower.CLIP_TOWER:
        if CLIP not in allow:
            raise GateRefusal(
                CLIP_FAULT,
                where="config.json vision_config",
                repair=f"train with a SigLIP tower, which is exact there, or waive it: --allow {CLIP}",
            )
        warnings.append(CLIP_FAULT)
    writer = gguf.GGUFWriter(out / MODEL, name)
    writer.add_name(model.name)
    writer.add_file_type(kind)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    warnings += language.add_keys(writer, config.text_config)
    warnings += add_vocabulary(writer, processor.tokenizer, rows=config.text_config.vocab_size)
    add_template(writer, processor.tokenizer)
    spoken = list(language.tensors(config.text_config, weights, experts=experts, rest=rest))
    said = write_all(writer, spoken)
    if (most := max(said.lost.values(), default=0.0)) > 0:
        warnings.append(
            f"experts were rounded to MXFP4, which changed them by up to {most:.1%} of their norm; "
            "--quantise f16 keeps what training changed in them"
        )
    writer = gguf.GGUFWriter(out / MMPROJ, "clip")
    matrices = Type.F32 if rest is Type.F32 else Type.F16
    writer.add_file_type(LlamaFileType.ALL_F32 if rest is Type.F32 else LlamaFileType.MOSTLY_F16)
    tower.add_keys(writer, config, processor.image_processor)
    looked = list(tower.tensors(config, weights, matrices))
    seen = write_all(writer, looked)
    off = {MODEL: read_back(out / MODEL, spoken), MMPROJ: read_back(out / MMPROJ, looked)}
    files.write_text(out / MODELFILE, OLLAMA)
    types = {
        each: said.types.get(each, 0) + seen.types.get(each, 0) for each in {*said.types, *seen.types}
    }
    return Written(
        (MODEL, MMPROJ, MODELFILE), dict(sorted(types.items())), said.lost, off, tuple(warnings)
    )
