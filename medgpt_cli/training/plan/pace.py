"""How long one step of the optimiser takes: computing, what devices send each other, what is offloaded and unpacked.

Computing is operations by rate and utilisation.  Traffic is counted in bytes as DDP and DeepSpeed send them and added
on top, as if nothing overlapped: an upper bound, so that a change which sends more is never called free.  This module
knows nothing of data.
"""

from __future__ import annotations

from dataclasses import dataclass

from medgpt_cli.training.plan.activations import FLOAT, Batch
from medgpt_cli.training.plan.flops import flops
from medgpt_cli.training.plan.machine import Machine
from medgpt_cli.training.plan.shapes import Shape
from medgpt_cli.training.plan.sharing import Device, Sharing

BETWEEN = {"cuda": 300e9, "cpu": 5e9}
"""Bytes a second from one device to the others: NVLink within a machine, processes of one CPU; assumed."""
TO_HOST = 25e9
"""Bytes a second from a device to main memory (PCIe 4 with 16 lanes); assumed."""
UNPACKING = {"cuda": 50e9, "cpu": 100e6}
"""Weights a second that are unpacked from four bits, once forwards, once backwards and once where layers are computed
again; on a device assumed, from ten bytes of its memory a weight."""
HOST = 100e9
"""Bytes a second at which AdamW goes through main memory; assumed."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of one step.

    Attributes:
        computing: Products of matrices, at the assumed utilisation.
        sending: Between devices.
        offloading: Between devices and main memory, and in it.
        unpacking: Weights that are kept in four bits.
    """

    computing: float
    sending: float
    offloading: float
    unpacking: float = 0.0

    @property
    def total(self) -> float:
        """Of the whole step."""
        return self.computing + self.sending + self.offloading + self.unpacking


def pace(
    shape: Shape, batch: Batch, sharing: Sharing, device: Device, machine: Machine, *, accumulate: int
) -> Pace:
    """The pace of a step.

    Args:
        shape: The model.
        batch: An average micro-batch of a device.
        sharing: How devices share the work.
        device: What computes.
        machine: How fast.
        accumulate: Micro-batches of a step.
    """
    done = flops(shape, batch).executed(checkpointing=sharing.checkpointing != "none") / sharing.sequence
    total, learnt, ranks = shape.count(), shape.count(learnt=True), sharing.ranks
    wide = 2 if device.bf16 else FLOAT
    sent = away = 0.0
    if ranks > 1:
        if not sharing.deepspeed:
            sent = 2.0 * FLOAT * learnt
        elif sharing.zero == 3:
            sent = wide * accumulate * (2.0 * total + learnt)
        else:
            sent = wide * learnt * (accumulate if sharing.zero == 2 else 1) + wide * learnt
    if sharing.sequence > 1:  # queries, keys, values and what comes out change sides, there and back
        layers = len(shape.decoder.windows)
        sent += 8.0 * wide * accumulate * layers * batch.tokens * shape.decoder.width / sharing.sequence
    if sharing.offload != "none":
        moved = 2 * wide * learnt / ranks
        if sharing.offload == "parameters":
            moved += 2 * wide * accumulate * total / ranks
        away = moved / TO_HOST + 7 * FLOAT * learnt / HOST  # AdamW reads four numbers and writes three
    if sharing.checkpointing == "offload" and machine.kind != "cpu":
        inputs = (
            len(shape.decoder.windows) * batch.tokens * wide * shape.decoder.width / sharing.sequence
        )
        away += 2 * accumulate * inputs / TO_HOST
    unpacked = shape.packed(sharing.packed) * (2 + (sharing.checkpointing != "none")) * accumulate
    return Pace(
        done * accumulate / (machine.rate * machine.utilisation),
        sent / BETWEEN[machine.kind],
        away,
        unpacked / UNPACKING[machine.kind],
    )
