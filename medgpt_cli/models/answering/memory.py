"""Telling that memory ran out from everything else that goes wrong.

This module knows nothing of what memory was wanted for.
"""

from __future__ import annotations

import torch


def ran_out(error: Exception) -> bool:
    """Whether this is the device's or the machine's memory; torch raises a bare RuntimeError for the latter."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )
