"""One of several processes that train one model together: which one this is, and how they wait for each other.

Whoever launches them (torchrun, deepspeed, srun) says so by `RANK` and `WORLD_SIZE`.  The first one alone writes and
talks; all decide alike, because what must not differ is told by the first.  torch is loaded only where processes
really meet.  This module knows nothing of models.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from medgpt_cli.core.files import staged_folder

T = TypeVar("T")


def rank() -> int:
    """The number of this process, from 0."""
    return int(os.environ.get("RANK", "0"))


def ranks() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def launch_words() -> tuple[str, str]:
    """What stands before and after a command's own words, where it shall be launched like this process.

    Several machines, or srun, are launched in as many ways as there are sites: of those the number alone is told.
    """
    if ranks() == 1:
        return "medgpt", ""
    if os.environ.get("LOCAL_WORLD_SIZE") == str(ranks()):
        return f"torchrun --nproc-per-node {ranks()} -m medgpt_cli", ""
    return "medgpt", f"  # in each of {ranks()} processes, launched as before"


def is_first() -> bool:
    """Whether this process writes and talks."""
    return rank() == 0


def join(device: str, *, patience: datetime.timedelta | None = None) -> None:
    """Meets the other processes, where there are any; once.

    Args:
        device: `cpu` or `cuda`; decides how tensors travel.
        patience: How long one process waits for the others; as torch has it when None.
    """
    if ranks() == 1:
        return
    import torch

    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("gloo" if device == "cpu" else "nccl", timeout=patience)


def share_rows(together: int) -> Any:
    """The group of neighbouring processes that this one shares rows with; None where each has rows of its own.

    Args:
        together: How many share a row; divides the number of processes.
    """
    if together == 1:
        return None
    import torch

    return torch.distributed.new_subgroups(group_size=together)[0]


def wait() -> None:
    """Goes on when all processes have come here."""
    if ranks() > 1:
        import torch

        torch.distributed.barrier()


def from_first(value: T) -> T:
    """What the first process holds, for all; others' own value is not read."""
    if ranks() == 1:
        return value
    import torch

    box = [value]
    torch.distributed.broadcast_object_list(box, src=0)
    return box[0]


@contextmanager
def staged_together(out: Path) -> Iterator[Path]:
    """`files.staged_folder` into which every process may write; it appears when all have."""
    if is_first():
        with staged_folder(out) as staging:
            from_first(staging)
            yield staging
            wait()
    else:
        yield from_first(out)
        wait()
    wait()


def any_of(flag: bool) -> bool:
    """Whether it is so in any process."""
    return sum_of(int(flag)) > 0


def sum_of(number: float) -> float:
    """The sum of what all processes hold."""
    if ranks() == 1:
        return number
    import torch

    device = "cuda" if torch.distributed.get_backend() == "nccl" else "cpu"
    total = torch.tensor(number, dtype=torch.float64, device=device)
    torch.distributed.all_reduce(total)
    return float(total.item())
