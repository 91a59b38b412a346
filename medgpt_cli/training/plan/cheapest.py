"""The cheapest change that makes a recipe fit: every combination of a few changes is tried, the fastest one wins.

Only changes that leave what is learnt as it is are tried first: how state is shared and offloaded, smaller
micro-batches with more of them, activations made again, rows shared by devices; and frozen weights in four bits beside
adapters, which round a base that was not published so.  Where none is enough, more devices are counted, and last,
shorter rows, which is another training.  This module knows nothing of the recipe but the names of its fields.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from medgpt_cli.core.four_bits import Packed
from medgpt_cli.training.plan.activations import Batch
from medgpt_cli.training.plan.machine import Machine
from medgpt_cli.training.plan.memory import Memory, memory
from medgpt_cli.training.plan.pace import Pace, pace
from medgpt_cli.training.plan.shapes import Shape
from medgpt_cli.training.plan.sharing import Device, Sharing

MOST_DEVICES = 1024
ZERO: tuple[Literal[1, 2, 3], ...] = (1, 2, 3)
OFFLOAD: tuple[Literal["none", "optimizer", "parameters"], ...] = ("none", "optimizer", "parameters")
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
        length: Longest row in tokens, or longest record where rows are not packed.
        tokens: Of a step, which then stay as they are whatever shares it; None where the recipe counts rows.
        longest: The longest record in tokens, where forward passes are filled with whole records up to `tokens`.
        packable: The format of four bits in which frozen weights could be kept; None where they cannot.
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
    tokens: int | None = None
    longest: int | None = None
    packable: Packed | None = None

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
    more = _twice_the_devices(setup)
    while more is not None and more.machine.kind == "cuda" and more.sharing.ranks <= MOST_DEVICES:
        if change := _best(setup, more, fields):
            return replace(change, words=(f"--gpus {more.sharing.ranks}", *change.words))
        more = _twice_the_devices(more)
    shorter = setup
    while shorter.length // 2 >= SHORTEST:
        shorter = _shorter(shorter)
        if change := _best(setup, shorter, fields):
            words = (f"train.max_length={shorter.length}", *change.words)
            return replace(change, words=words, another_training=True)
    return None


def _best(written: Setup, start: Setup, fields: Collection[str]) -> Change | None:
    before = written.pace().total * (start.length / written.length if written.tokens is None else 1)
    found = [
        Change(words, setup, setup.pace().total / before - 1)
        for words, setup in _ways(written, start, fields)
        if setup.fits()
    ]
    return min(found, key=lambda change: (round(change.slower, 3), len(change.words)), default=None)


def _ways(
    written: Setup, start: Setup, fields: Collection[str]
) -> Iterator[tuple[tuple[str, ...], Setup]]:
    """Every combination of changes that a step of as many rows allows, and the words for it."""
    for sharing in _sharings(start, fields):
        words = tuple(
            f"engine.{field}={str(value).lower()}"
            for field, (value, before) in _engine(sharing, start.sharing).items()
            if value != before
        )
        if not {word.partition("=")[0].removeprefix("engine.") for word in words} <= set(fields):
            continue
        if sharing.packed != start.sharing.packed:
            words = (f"lora.quantise_base={sharing.packed}", *words)
        passes = start.accumulate * sharing.sequence // start.sharing.sequence
        way: Setup | None = replace(start, sharing=sharing, accumulate=passes)
        while way is not None:
            own = words
            if way.rows != written.rows and way.tokens is None:
                own += (f"train.batch_size={way.rows}",)
            if way.accumulate != written.accumulate:
                own += (f"train.accumulate={way.accumulate}",)
            yield own, way
            way = _more_passes(way)


def _more_passes(setup: Setup) -> Setup | None:
    """The same step in twice as many forward passes, each half as large; None where a row would be cut."""
    passes = setup.accumulate * 2
    if setup.rows % 2 == 0:
        return replace(setup, rows=setup.rows // 2, accumulate=passes)
    if setup.tokens is None or setup.longest is None:
        return None
    processes = setup.sharing.ranks // setup.sharing.sequence
    if setup.tokens // (passes * processes) < setup.longest:
        return None
    return replace(setup, accumulate=passes, fullest=_half(setup.fullest), average=_half(setup.average))


def _twice_the_devices(setup: Setup) -> Setup | None:
    """Twice as many devices; None where the tokens of a step cannot be shared by them."""
    if setup.tokens is not None:
        halved = setup if setup.accumulate % 2 == 0 else _more_passes(setup)
        if halved is None:
            return None
        setup = replace(halved, accumulate=halved.accumulate // 2)
    devices = setup.sharing.ranks * 2
    return replace(
        setup,
        machine=replace(setup.machine, devices=devices),
        sharing=replace(setup.sharing, ranks=devices),
    )


def _shorter(setup: Setup) -> Setup:
    """Rows, or records, half as long; as many tokens a step where these are counted."""
    length = setup.length // 2
    if setup.longest is not None:
        return replace(setup, length=length, longest=min(setup.longest, length))
    return replace(
        setup,
        length=length,
        rows=setup.rows if setup.tokens is None else setup.rows * 2,
        fullest=_half(setup.fullest),
        average=_half(setup.average),
    )


def _engine(sharing: Sharing, before: Sharing) -> dict[str, tuple[object, object]]:
    """The fields of the recipe's `engine` section that matter, in their order: now and before."""
    names = {"deepspeed": "deepspeed", "offload": "offload", "sequence_parallel": "sequence"}
    fields: dict[str, tuple[object, object]] = {
        field: (getattr(sharing, name), getattr(before, name)) for field, name in names.items()
    }
    if sharing.deepspeed:
        fields["zero"] = (sharing.zero, before.zero)
    fields["checkpointing"] = (sharing.checkpointing, before.checkpointing)
    return fields


def _sharings(start: Setup, fields: Collection[str]) -> Iterator[Sharing]:
    now, heads = start.sharing, start.shape.decoder.heads
    alone = now.ranks == 1 and not now.deepspeed  # nobody to share with
    on_gpu = start.machine.kind == "cuda"
    modes: tuple[Literal["none", "on", "offload"], ...] = ("none", "on", "offload")
    for checkpointing in modes[modes.index(now.checkpointing) : 3 if on_gpu else 2]:
        for together in [n for n in (1, 2, 4, 8, 16, 32) if n % now.sequence == 0 or n == now.sequence]:
            if now.ranks % together or heads % together:
                continue
            for packed in dict.fromkeys((now.packed, now.packed or start.packable)):
                way = replace(now, checkpointing=checkpointing, sequence=together, packed=packed)
                if not now.deepspeed:
                    yield way
                # Shards of packed bytes are not unpacked.
                for zero in (each for each in ZERO if each < 3 or not packed):
                    yield from (
                        replace(way, deepspeed=True, zero=zero, offload=offload)
                        for offload in OFFLOAD
                        if (offload != "parameters" or zero == 3) and (offload != "none" or not alone)
                    )


def _half(row: Batch) -> Batch:
    return Batch(
        row.tokens // 2, row.supervised // 2, -(-row.tiles // 2), min(row.document, row.tokens / 2)
    )
