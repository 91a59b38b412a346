"""Weights laid out so that a processor reads them along memory when one token is multiplied.

A product of one row is bound by reading the weight.  The linear layers' (out, in) order makes each output a sum along
memory; the other order adds whole rows, which the processor's vector units do without a sum at the end (measured on
one thread, float32: 12 against 16 to 21 GB/s).  The numbers stay what they are, and so does the shape; only the
strides change.  This module knows nothing of what is multiplied.
"""

from __future__ import annotations

from typing import Any

import torch


def lay_out(model: Any) -> None:
    """Turns the language model's linear weights, and the head's, around in memory; on a CPU, in float32.

    One weight at a time is there twice.  A head that shares its weight with the embedding stays, since a token's row
    is looked up in it.

    Args:
        model: A LLaVA model in evaluation mode.
    """
    if model.device.type != "cpu" or model.dtype != torch.float32:
        return
    layers = [each for each in model.model.language_model.modules() if isinstance(each, torch.nn.Linear)]
    if model.lm_head.weight is not model.get_input_embeddings().weight:
        layers.append(model.lm_head)
    for layer in layers:
        layer.weight.data = layer.weight.data.t().contiguous().t()
