"""The same steps give the same weights, bit for bit, on a CPU.

With two threads the order in which gradients of a table row or an expert are added is otherwise a race (differences of
1e-7 after three steps were measured), and a resumed run would not equal one that was never interrupted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.utils import deterministic as memory


@contextmanager
def exact_sums(*, cpu: bool, threads: int | None = None) -> Iterator[None]:
    """Adds in a fixed order inside the block.

    Args:
        cpu: Whether training stays on the CPU; elsewhere some operations have no exact form, so nothing changes.
        threads: Processor threads inside the block; as before when None.  Another number of threads splits sums
            elsewhere, so a run is repeated bit for bit only with its own.
    """
    threads_before = torch.get_num_threads()
    torch.set_num_threads(threads or threads_before)
    before = torch.are_deterministic_algorithms_enabled()
    filled = memory.fill_uninitialized_memory  # type: ignore[attr-defined]  # made at run time
    torch.use_deterministic_algorithms(cpu or before)
    memory.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # costs time, and hides no race of ours
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
        torch.set_num_threads(threads_before)
        memory.fill_uninitialized_memory = filled  # type: ignore[attr-defined]
