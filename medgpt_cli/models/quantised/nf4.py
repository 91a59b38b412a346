"""NF4, the four-bit format of QLoRA (arXiv 2305.14314), for the linear layers of a language model, by bitsandbytes.

Blocks of 64 numbers share a scale, and scales are themselves kept in eight bits (double quantisation); a matrix is
unpacked for its product.  Embedding, head, tower and projector stay as they are.  This module knows nothing of experts:
they are no linear layers, and bitsandbytes would leave them in 16 bits without a word.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import torch

from medgpt_cli.core.errors import Missing
from medgpt_cli.models.quantised.telling import Quantised

FORMAT = "nf4"
LAYERS = "language_model.layers."


def require_library() -> None:
    """Refuses a machine without bitsandbytes.

    Raises:
        Missing: It is not installed.
    """
    if find_spec("bitsandbytes") is None:
        raise Missing(
            "NF4 weights need bitsandbytes, which is not installed",
            where="lora.quantise_base",
            repair="pip install bitsandbytes",
        )
    # When it is imported, it offers to fetch faster kernels from a hub, and says that it could not.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def quantise(model: Any) -> Quantised:
    """Packs the linear layers of a model's language layers, in place.

    Args:
        model: A LLaVA model on the CPU, without adapters.

    Raises:
        Missing: bitsandbytes is not installed.
    """
    library = _library()
    told = Quantised(FORMAT)
    for name, layer in _linear(model):
        packed = library.nn.Linear4bit(
            layer.in_features,
            layer.out_features,
            bias=layer.bias is not None,
            compute_dtype=layer.weight.dtype,
            compress_statistics=True,
            quant_type=FORMAT,
            device="meta",
        )
        packed.weight, packed.bias = _pack(library, layer.weight), layer.bias
        # At its first answer on some processors a layer would turn its weights around for good, into a form through
        # which no gradient flows: what learns after a validation would learn nothing right.
        packed.support_avx512bf16_for_cpu = False
        model.set_submodule(name, packed)
        lost, whole = _difference(layer.weight, _dense(library, packed.weight))
        told.count(layer.weight.numel(), lost, whole)
    return told


def round_weights(model: Any) -> None:
    """Rounds, in place, what `quantise` would pack: what adapters that learnt beside it are added to.

    Args:
        model: As for `quantise`.

    Raises:
        Missing: bitsandbytes is not installed.
    """
    library = _library()
    for _, layer in _linear(model):
        dense = _dense(library, _pack(library, layer.weight))
        layer.weight.data = dense.to(layer.weight.dtype)


def set_compute_format(model: Any, dtype: torch.dtype) -> None:
    """Sets the number format in which packed layers are multiplied, as settled for what is frozen.

    Args:
        model: With packed layers or without.
        dtype: The format.
    """
    for layer in model.modules():
        if _is_packed(layer):
            layer.compute_dtype = dtype


@contextmanager
def told_to_peft(model: Any) -> Iterator[None]:
    """Lets PEFT take the layers for what they are inside the block; it asks the model, not the layers.

    Args:
        model: With packed layers or without.
    """
    if not any(map(_is_packed, model.modules())):
        yield
        return
    model.is_loaded_in_4bit = True
    try:
        yield
    finally:
        del model.is_loaded_in_4bit


def _is_packed(layer: Any) -> bool:
    """Whether a layer is one of bitsandbytes' or PEFT's around it, which is not imported to ask."""
    return type(layer).__name__ == "Linear4bit"


def _library() -> Any:
    require_library()
    import bitsandbytes

    return bitsandbytes


def _linear(model: Any) -> Iterator[tuple[str, torch.nn.Linear]]:
    for name, module in list(model.named_modules()):
        if LAYERS in f"{name}." and isinstance(module, torch.nn.Linear):
            yield name, module


def _pack(library: Any, weight: torch.Tensor) -> Any:
    made = library.nn.Params4bit(
        weight.detach().clone(), requires_grad=False, quant_type=FORMAT, compress_statistics=True
    )
    return made.to("cpu")


def _dense(library: Any, packed: Any) -> torch.Tensor:
    made: torch.Tensor = library.functional.dequantize_4bit(packed.data, packed.quant_state)
    return made.detach()


def _difference(before: torch.Tensor, after: torch.Tensor) -> tuple[float, float]:
    exact = before.detach().double()
    return float((after.double() - exact).square().sum()), float(exact.square().sum())
