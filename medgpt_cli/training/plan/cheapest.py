"""The cheapest change that makes a recipe fit: every combination of a few changes is tried, the fastest one wins.

Only changes that leave what is learnt as it is are tried first: how state is shared and offloaded, smaller
micro-batches with more of them, activations made again.  Where none is enough, more devices are counted, and last,
shorter rows, which is another training.  This module knows nothing of the recipe but the names of its fields.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from medgpt_cli.training.plan.activations import Batch
from medgpt_cli.training.plan.machine import Machine
from medgpt_cli.training.plan.memory import Device, Memory, Sharing, memory
from medgpt_cli.training.plan.pace import Pace, pace
from medgpt_cli.training.plan.shapes import Shape

MOST_DEVICES = 1024
SHORTEST = 512
"""Rows are not cut shorter than this, in tokens."""


@dataclass(frozen=True)
class Setup:
    """A way to train a model.

    Attributes:
        shape: The model.
        machine: Where.
        device: How one device computes.
        sharing: How devices share the work.
        fullest: The fullest row.
        average: An average row.
        rows: Rows of a micro-batch of one device.
        accumulate: Micro-batches of a step.
        length: Longest row in tokens.
    """

    shape: Shape
    machine: Machine
    device: Device
    sharing: Sharing
    fullest: Batch
    average: Batch
    rows: int
    accumulate: int
    length: int

    def memory(self) -> Memory:
        """What one device must hold."""
        return memory(
            self.shape,
            times(self.fullest, self.rows),
            self.sharing,
            self.device,
            accumulate=self.accumulate,
        )

    def pace(self) -> Pace:
        """How long a step takes."""
        return pace(
            self.shape,
            times(self.average, self.rows),
            self.sharing,
            self.device,
            self.machine,
            accumulate=self.accumulate,
        )

    def fits(self, held: Memory | None = None) -> bool:
        """Whether a device holds it; on a CPU, where all processes share the memory, what is offloaded too."""
        held = held or self.memory()
        beside = held.host / self.sharing.ranks if self.machine.kind == "cpu" else 0.0
        return held.total + beside <= self.machine.usable


@dataclass(frozen=True)
class Change:
    """A setup that fits, and what must be written to get it.

    Attributes:
        words: `KEY=VALUE` words, or flags of the planner.
        setup: What it comes to.
        slower: Seconds of its step by those of the recipe as written, less one.
        another_training: Whether something else would be learnt.
    """

    words: tuple[str, ...]
    setup: Setup
    slower: float
    another_training: bool = False


def times(row: Batch, rows: int) -> Batch:
    """A micro-batch of so many rows."""
    return replace(
        row, tokens=row.tokens * rows, supervised=row.supervised * rows, tiles=row.tiles * rows
    )


def cheapest(setup: Setup, fields: Collection[str]) -> Change | None:
    """The cheapest change after which the setup fits, or None where nothing tried is enough.

    Args:
        setup: As the recipe says it.
        fields: Names of the recipe's `engine` section; what it has no word for is not proposed.
    """
    if change := _best(setup, setup, fields):
        return change
    devices = setup.sharing.ranks * 2
    while setup.machine.kind == "cuda" and devices <= MOST_DEVICES:
        more = replace(
            setup,
            machine=replace(setup.machine, devices=devices),
            sharing=replace(setup.sharing, ranks=devices),
        )
        if change := _best(setup, more, fields):
            return replace(change, words=(f"--gpus {devices}", *change.words))
        devices *= 2
    shorter = setup
    while shorter.length // 2 >= SHORTEST:
        shorter = replace(
            shorter,
            length=shorter.length // 2,
            fullest=_half(shorter.fullest),
            average=_half(shorter.average),
        )
        if change := _best(setup, shorter, fields):
            words = (f"train.max_length={shorter.length}", *change.words)
            return replace(change, words=words, another_training=True)
    return None


def _best(written: Setup, start: Setup, fields: Collection[str]) -> Change | None:
    before = written.pace().total * start.length / written.length
    found = [
        Change(words, setup, setup.pace().total / before - 1)
        for words, setup in _ways(start, fields)
        if setup.fits()
    ]
    return min(found, key=lambda change: (round(change.slower, 3), len(change.words)), default=None)


def _ways(start: Setup, fields: Collection[str]) -> Iterator[tuple[tuple[str, ...], Setup]]:
    """Every combination of changes, and the words for it."""
    for sharing_words, sharing in _sharings(start.sharing, fields):
        rows, accumulate = start.rows, start.accumulate
        while True:
            words = list(sharing_words)
            if rows != start.rows:
                words += [f"train.batch_size={rows}", f"train.accumulate={accumulate}"]
            yield tuple(words), replace(start, sharing=sharing, rows=rows, accumulate=accumulate)
            if rows % 2:
                break
            rows, accumulate = rows // 2, accumulate * 2


def _sharings(now: Sharing, fields: Collection[str]) -> Iterator[tuple[tuple[str, ...], Sharing]]:
    checkpoints = (
        (False, True) if "checkpointing" in fields and not now.checkpointing else (now.checkpointing,)
    )
    for checkpointing in checkpoints:
        again = ("engine.checkpointing=true",) if checkpointing != now.checkpointing else ()
        if not now.deepspeed:
            yield again, replace(now, checkpointing=checkpointing)
        for zero in (1, 2, 3):
            for offload in ("none", "optimizer", "parameters"):
                if (offload == "parameters" and zero != 3) or (offload == "none" and now.ranks == 1):
                    continue
                words: tuple[str, ...] = () if now.deepspeed else ("engine.deepspeed=true",)
                if zero != now.zero:
                    words += (f"engine.zero={zero}",)
                if offload != now.offload:
                    words += (f"engine.offload={offload}",)
                yield (
                    words + again,
                    replace(
                        now, deepspeed=True, zero=zero, offload=offload, checkpointing=checkpointing
                    ),
                )


def _half(row: Batch) -> Batch:
    return Batch(
        row.tokens // 2, row.supervised // 2, -(-row.tiles // 2), min(row.document, row.tokens / 2)
    )
