"""How much memory the weights of a checkpoint take, from the heads of its files: nothing is loaded.

This module knows nothing of what else a model needs, such as keys and values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import prod
from pathlib import Path

from medgpt_cli.core.errors import BadCheckpoint

_BLOCKS, _SCALES = "_blocks", "_scales"
"""What experts packed four bits to a number end in: a byte of a block is two numbers, a scale is none."""


def weights_bytes(folder: Path, each: int) -> int:
    """Bytes that the weights take in memory.

    Args:
        folder: A checkpoint folder, or that of a GGUF export, which stays as it is in its file.
        each: Bytes of a number in memory.

    Raises:
        BadCheckpoint: The head of a file cannot be read.
    """
    if found := list(folder.glob("*.gguf")):
        return sum(file.stat().st_size for file in found)
    return each * sum(sum(_numbers(file)) for file in folder.glob("*.safetensors"))


def _numbers(file: Path) -> Iterator[int]:
    """How many numbers each tensor of a file holds."""
    try:
        with file.open("rb") as opened:
            head = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
        shapes = {name: tensor["shape"] for name, tensor in head.items() if name != "__metadata__"}
    except (OSError, ValueError, KeyError, TypeError, MemoryError, OverflowError) as error:
        raise BadCheckpoint(
            "the head of the file cannot be read",
            where=str(file),
            repair="copy it again from its source",
        ) from error
    for name, shape in shapes.items():
        if not name.endswith(_SCALES):
            yield prod(shape) * (2 if name.endswith(_BLOCKS) else 1)
