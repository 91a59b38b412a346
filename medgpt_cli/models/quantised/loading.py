"""A checkpoint read with gpt-oss's experts packed: never unpacked where they lie packed, else rounded one by one.

What is not an expert's matrix is read as ever.  This module knows nothing of adapters.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from transformers import LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor
from transformers.models.gpt_oss.modeling_gpt_oss import GptOssExperts

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.models import checkpoint, reading
from medgpt_cli.models.quantised.experts import MATRICES, PackedExperts
from medgpt_cli.models.quantised.telling import Quantised
from medgpt_cli.models.upstream.packed import METHOD, Place, Unpacked, dense, is_experts, repack
from medgpt_cli.models.upstream.weights import REPAIR, Weights


class WithoutExperts(LlavaForConditionalGeneration):
    """The stock model with packed experts in the places of its own, built before any weight is read."""

    def __init__(self, config: LlavaConfig) -> None:
        super().__init__(config)
        for name, module in list(self.named_modules()):
            if isinstance(module, GptOssExperts):
                self.set_submodule(name, PackedExperts(module))

    @classmethod
    def is_custom_code(cls) -> bool:
        """It is not: names in files are those of the stock model."""
        return False


def load(
    folder: Path, *, dtype: torch.dtype | None = None
) -> tuple[LlavaForConditionalGeneration, LlavaProcessor, Quantised]:
    """Loads a checkpoint strictly, in evaluation mode, on the CPU, its experts in MXFP4.

    Args:
        folder: A LLaVA checkpoint whose language model is a gpt-oss.
        dtype: Of the rest; that of the files when None.

    Raises:
        BadCheckpoint: Something is missing, damaged, of another shape, or cannot be packed.
        HashMismatch: A file is not the one the folder's manifest names.
    """
    stated = reading.check_folder(folder)
    config = LlavaConfig(**{key: each for key, each in stated.items() if key != "quantization_config"})
    reader = partial(WithoutExperts.from_pretrained, config=config)
    model, processor = checkpoint.load(folder, dtype=dtype, reader=reader, left_out=is_experts)
    told = Quantised(METHOD)
    held = Unpacked(Weights(folder))
    names = held.experts()
    for number, layer in enumerate(model.model.language_model.layers):
        for matrix in MATRICES:
            name = names.get(Place(number, matrix))
            if name is None:
                raise BadCheckpoint(
                    f"the experts of layer {number} are missing", where=str(folder), repair=REPAIR
                )
            try:
                layer.mlp.experts.fill(matrix, *_packed(held, name, told))
            except (KeyError, ValueError) as error:
                raise BadCheckpoint(
                    f"the tensor {name} cannot be kept in MXFP4: {error.args[0]}",
                    where=str(folder),
                    repair=REPAIR,
                ) from error
    model.__class__ = LlavaForConditionalGeneration  # it is one, but for the way it was built
    return model, processor, told


def _packed(held: Unpacked, name: str, told: Quantised) -> tuple[torch.Tensor, torch.Tensor]:
    """A tensor's own blocks and scales; rounded where it has none."""
    found = held.packed(name)
    if found is not None:
        told.kept += 1
        told.weights += 2 * found[0].numel()
        return found
    weight = held[name]
    blocks, scales = repack(weight)
    lost = whole = 0.0
    for before, after in zip(weight, dense(blocks, scales, torch.float32), strict=True):
        exact = before.double()
        lost += float((after - exact).square().sum())
        whole += float(exact.square().sum())
    told.count(weight.numel(), lost, whole)
    return blocks, scales
