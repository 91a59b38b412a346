"""How devices share the work of training, and what one device is, as far as memory and time ask.

This module knows nothing of models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from medgpt_cli.core.four_bits import Packed
from medgpt_cli.training.plan.activations import Attention

LIBRARIES = {"cpu": 40 * 2**20, "cuda": 2**30}
"""Memory besides tensors: on a CPU what the trainer's and torch's own workings took beside a model of next to no size
(measured); on a device its context and the workspaces of its libraries (an assumption)."""


LOOSE = {"cpu": 0.4, "cuda": 0.0}
"""What the allocator keeps between tensors that come and go, as a share of those.  glibc's malloc gives little back:
0.24 to 0.61 of the activations were measured over steps of ten small models, and nothing where it is told to return
what is freed (MALLOC_MMAP_THRESHOLD_).  torch's own on a device is left the reserve of `machine.RESERVE`."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """How devices share the work.

    Attributes:
        ranks: Devices.
        deepspeed: Whether DeepSpeed shards; else every device holds everything.
        zero: Its stage.
        offload: What waits in main memory.
        checkpointing: Whether a layer keeps its input alone and makes the rest again; and where inputs wait.
        sequence: Devices that share one sequence.
        rounded: Whether experts compute with a rounded copy of their weights, which lives until the backward pass.
        packed: The format of four bits that frozen weights are kept in beside adapters; None where they are not.
    """

    ranks: int = 1
    deepspeed: bool = False
    zero: Literal[1, 2, 3] = 3
    offload: Literal["none", "optimizer", "parameters"] = "none"
    checkpointing: Literal["none", "on", "offload"] = "none"
    sequence: int = 1
    rounded: bool = False
    packed: Packed | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """What computes, as far as memory asks.

    Attributes:
        kind: `cpu` or `cuda`.
        bf16: Whether it computes in bfloat16.
        attention: Which kernel attends.
        loose: What the allocator keeps beside tensors that come and go, as a share of them.
    """

    kind: Literal["cpu", "cuda"]
    bf16: bool
    attention: Attention
    loose: float

    @classmethod
    def of(cls, kind: Literal["cpu", "cuda"], *, bf16: bool, attention: str = "auto") -> Device:
        """A device as training uses it, the allocator as it is.

        Args:
            kind: What computes.
            bf16: Whether it computes in bfloat16.
            attention: The recipe's word; `auto` is planned for as ours, which needs nothing installed.
        """
        ours: Attention = "cpu-flash" if kind == "cpu" else "sink-as-key"
        named: dict[str, Attention] = {"eager": "eager", "flash": "flash"}
        return cls(kind, bf16, named.get(attention, ours), LOOSE[kind])
