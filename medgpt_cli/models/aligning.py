"""Weights in memory of their own, each at the beginning of a cache line.

Weights read from a file lie in its pages at whatever place the file's header leaves them.  A processor's matrix
routines (MKL's, on x86) part their loops at cache lines, so the same numbers at another place are added in another
order: a run that goes on from its checkpoint would differ from one that was never stopped in the last bit.  This module
knows nothing of files.
"""

from __future__ import annotations

from typing import Any

LINE = 64
"""Bytes of a cache line; torch's own memory begins at one."""


def align_weights(model: Any) -> None:
    """Copies what does not begin at a cache line, in place; one weight at a time is there twice.

    Args:
        model: Any model on the CPU.
    """
    for weight in (*model.parameters(), *model.buffers()):
        if weight.data_ptr() % LINE:
            weight.data = weight.data.clone()
