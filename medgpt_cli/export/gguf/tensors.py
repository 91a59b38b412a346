"""Tensors of a GGUF file: what each is called and how it is stored, read only when its turn comes.

Matrices take the precision that was asked for, as far as their rows divide into its blocks; vectors, norms, biases
and routers stay float32, as llama.cpp expects them.  This module knows nothing of which tensors a model has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import NamedTuple

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from gguf.quants import quant_shape_to_byte_shape, quantize

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.export.gguf import microscaling

Read = Callable[[], torch.Tensor]


class Stored(NamedTuple):
    """One tensor of a file.

    Attributes:
        name: As llama.cpp looks for it.
        shape: Rows last but one, columns last, as torch has it.
        type: How its numbers are stored.
        read: Gives it, or bytes that are already what is stored.
    """

    name: str
    shape: tuple[int, ...]
    type: Type
    read: Read


@dataclass
class Rounding:
    """What storing changed.

    Attributes:
        lost: By tensor name: what was changed, relative to the tensor's norm; only experts rounded to MXFP4.
        types: How many tensors are stored in which type.
    """

    lost: dict[str, float] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)


def fitting(type_: Type, columns: int) -> Type:
    """The type asked for, or F16 where rows do not divide into its blocks."""
    return Type.F16 if columns % gguf.GGML_QUANT_SIZES[type_][0] else type_


def named(weights: Mapping[str, torch.Tensor], name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor of the checkpoint, of the shape its configuration promises.

    Raises:
        BadCheckpoint: It is missing or of another shape.
    """
    found = weights.get(name)
    if found is None or tuple(found.shape) != shape:
        raise BadCheckpoint(
            f"the tensor {name} is missing"
            if found is None
            else f"the tensor {name} has the shape {tuple(found.shape)}, not {shape}",
            repair="copy config.json and the *.safetensors files from the same source",
        )
    return found


def write_all(writer: gguf.GGUFWriter, tensors: Iterable[Stored]) -> Rounding:
    """Writes header, keys and tensors; never is more than one tensor in memory.

    Args:
        writer: With all keys added.
        tensors: In the order of the file.
    """
    found, rounding = list(tensors), Rounding()
    for each in found:
        shape = quant_shape_to_byte_shape(each.shape, each.type) if _blocked(each.type) else each.shape
        kind = {Type.F32: np.float32, Type.F16: np.float16}.get(each.type, np.uint8)
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        writer.add_tensor_info(each.name, shape, np.dtype(kind), size, raw_dtype=each.type)
        rounding.types[each.type.name] = rounding.types.get(each.type.name, 0) + 1
    with closing(writer):
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for each in found:
            writer.write_tensor_data(_encoded(each, rounding))
    return rounding


def _blocked(type_: Type) -> bool:
    return gguf.GGML_QUANT_SIZES[type_][0] > 1


def _encoded(each: Stored, rounding: Rounding) -> np.ndarray:
    tensor = each.read()
    if tensor.dtype == torch.uint8:
        return tensor.contiguous().numpy()
    if each.type is not Type.MXFP4:
        rows = tensor.float().contiguous().numpy()
        if each.type is Type.F16 and not np.abs(rows).max(initial=0) <= np.finfo(np.float16).max:
            raise BadCheckpoint(
                f"the tensor {each.name} holds numbers that 16 bits cannot",
                repair="--quantise f32 keeps them; if they are not finite, training has failed",
            )
        return np.ascontiguousarray(quantize(rows, each.type))
    parts, lost, whole = [], 0.0, 0.0
    for part in tensor:  # an expert at a time
        bytes_, missing, norm = microscaling.quantised(part)
        parts.append(bytes_)
        lost, whole = lost + missing, whole + norm
    rounding.lost[each.name] = (lost / whole) ** 0.5 if whole else 0.0
    return torch.stack(parts).numpy()
