"""A written file beside the model it was made from: every tensor read back, as numbers.

This module knows nothing of keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from gguf import GGUFReader
from gguf.quants import dequantize

from medgpt_cli.core.errors import GateRefusal
from medgpt_cli.export.gguf.tensors import Stored

MOST = {Type.F32: 0.0, Type.F16: 2**-10, Type.Q8_0: 0.02, Type.MXFP4: 0.3}
"""How far a tensor may be from its original, relative to its norm; more is a fault of the writing."""


def read_back(path: Path, tensors: Iterable[Stored]) -> dict[str, float]:
    """Compares a file with what was to be written.

    Args:
        path: The file.
        tensors: What was to be written.

    Returns:
        By type of storing: how far the worst tensor is from its original, relative to its norm.

    Raises:
        GateRefusal: A tensor is missing, or further off than its type explains.
    """
    held = {each.name: each for each in GGUFReader(path).tensors}
    worst: dict[str, float] = {}
    for wanted in tensors:
        found = held.pop(wanted.name, None)
        if found is None or found.tensor_type != wanted.type:
            raise _fault(path, wanted.name)
        off = _off(found.data, wanted)
        if not off <= MOST[wanted.type]:
            raise _fault(path, wanted.name)
        worst[wanted.type.name] = max(off, worst.get(wanted.type.name, 0.0))
    if held:
        raise _fault(path, min(held))
    return dict(sorted(worst.items()))


def _off(data: np.ndarray, wanted: Stored) -> float:
    original = wanted.read()
    if original.dtype == torch.uint8:  # packed before, and only reordered
        return 0.0 if np.array_equal(data, original.numpy()) else float("inf")
    lost = whole = 0.0
    rows = zip(data, original, strict=True) if len(wanted.shape) > 2 else [(data, original)]
    for stored, part in rows:
        true = part.float().numpy().reshape(-1).astype(np.float64)
        numbers = dequantize(np.ascontiguousarray(stored), wanted.type).reshape(-1)
        if numbers.shape != true.shape:
            return float("inf")
        lost, whole = lost + float(np.square(numbers - true).sum()), whole + float(np.square(true).sum())
    return float((lost / whole) ** 0.5) if whole else lost


def _fault(path: Path, name: str) -> GateRefusal:
    return GateRefusal(
        f"the tensor {name} is not read back as it was to be written",
        where=path.name,
        repair="this is a fault of the export; nothing was kept",
    )
