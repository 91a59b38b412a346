"""A plan as a document: both ways to train, with every number and assumption."""

from __future__ import annotations

import math
from typing import Any

from medgpt_cli.core.four_bits import BYTES
from medgpt_cli.training.micro_batches import MicroBatch
from medgpt_cli.training.plan.activations import FLOAT, Batch
from medgpt_cli.training.plan.cheapest import Change, Setup, times
from medgpt_cli.training.plan.flops import flops
from medgpt_cli.training.plan.memory import memory
from medgpt_cli.training.plan.pace import BETWEEN, HOST, TO_HOST, UNPACKING
from medgpt_cli.training.plan.published import FIGURES, TITLES, Figure
from medgpt_cli.training.plan.shapes import Shape
from medgpt_cli.training.plan.sharing import Device, Sharing
from medgpt_cli.workflows.plan_rows import Rows
from medgpt_cli.workflows.starting import stays_as_read


def document(
    recipe: Any, setup: Setup, change: Change | None, rows: Rows, batch: MicroBatch
) -> dict[str, Any]:
    """The plan of a recipe.

    Args:
        recipe: A stage recipe.
        setup: As it is written.
        change: The cheapest one that makes it fit, where it does not.
        rows: What it trains on.
        batch: What a forward pass takes in.
    """
    machine, shape = setup.machine, setup.shape
    word = next((word for word, title in TITLES.items() if title == shape.name), None)
    return {
        "stage": recipe.stage,
        "model": shape.name,
        "main_memory_to_merge_bytes": FLOAT / 2 * shape.count() if setup.sharing.packed else None,
        "parameters": {part: count._asdict() for part, count in shape.counts.items()},
        "expert_layer_parameters": shape.expert_layer if shape.decoder.experts else None,
        "machine": {
            "name": machine.name,
            "devices": machine.devices,
            "memory_bytes": machine.memory,
            "usable_bytes": machine.usable,
            "operations_per_second": machine.rate,
            "operations_from": machine.rate_from,
            "utilisation_assumed": machine.utilisation,
            "watts_per_device_assumed": machine.watts,
            "bytes_per_second_between_devices_assumed": BETWEEN[machine.kind],
            "bytes_per_second_to_memory_assumed": TO_HOST,
            "bytes_per_second_in_memory_assumed": HOST,
            "weights_per_second_unpacked_assumed": UNPACKING[machine.kind],
        },
        "rows": {
            "basis": rows.basis,
            "records": rows.records,
            "tokens_per_pass": rows.tokens,
            "rows_per_pass": rows.count,
            "fill": rows.fill,
        },
        "step": batch.sentence(),
        "as_written": _way(recipe, setup, rows),
        "fits": setup.fits(),
        "change": None
        if change is None
        else {
            "words": list(change.words),
            "slower": change.slower,
            "another_training": change.another_training,
            **_way(recipe, change.setup, rows),
        },
        "published": [
            {**figure._asdict(), "ours_bytes": like(shape, figure)}
            for figure in FIGURES.get(word or "", ())
        ],
    }


def _way(recipe: Any, setup: Setup, rows: Rows) -> dict[str, Any]:
    held, pace, machine = setup.memory(), setup.pace(), setup.machine
    a_step = setup.rows * setup.accumulate * setup.sharing.ranks / setup.sharing.sequence
    count = rows.count * rows.average.tokens / setup.average.tokens
    steps = recipe.train.max_steps or math.ceil(max(1, round(count * recipe.train.epochs)) / a_step)
    seconds = steps * pace.total
    operations = flops(setup.shape, times(setup.average, setup.rows))
    return {
        "sharing": {
            "ranks": setup.sharing.ranks,
            "deepspeed": setup.sharing.deepspeed,
            "zero": setup.sharing.zero if setup.sharing.deepspeed else None,
            "offload": setup.sharing.offload,
            "checkpointing": setup.sharing.checkpointing,
            "quantise_base": setup.sharing.packed,
            "batch_size": setup.rows,
            "accumulate": setup.accumulate,
            "max_length": setup.length,
            "batch_tokens": setup.tokens,
        },
        "memory_bytes": {
            "total": held.total,
            "moment": held.moment,
            "parts": held.parts,
            "highest": held.highest,
        },
        "main_memory_bytes": held.host,
        "main_memory_to_read_bytes": _to_read(recipe, setup),
        "operations_per_token": operations.total / max(1, setup.average.tokens * setup.rows),
        "operations": {
            name: operations.forward[name] + operations.backward[name] for name in operations.forward
        },
        "tokens_per_step": round(setup.average.tokens * a_step),
        "tokens_per_second": setup.average.tokens * a_step / pace.total,
        "steps": steps,
        "seconds_per_step": pace.total,
        "seconds_sending": pace.sending,
        "seconds_offloading": pace.offloading,
        "seconds_unpacking": pace.unpacking,
        "seconds": seconds,
        "kwh": seconds * machine.watts * machine.devices / 3.6e6,
    }


def _to_read(recipe: Any, setup: Setup) -> float | None:
    """Bytes in which all processes read the model; None where it goes straight into shards.

    In float32, beside adapters as it is computed, and what is packed as it is kept.
    """
    sharing = setup.sharing
    if sharing.deepspeed and sharing.zero == 3 and sharing.ranks > 1 and stays_as_read(recipe):
        return None
    packed = setup.shape.packed(sharing.packed)
    narrow = recipe.lora.r is not None and setup.device.bf16 and not sharing.deepspeed
    a_process: float = (FLOAT / 2 if narrow else FLOAT) * (setup.shape.count() - packed)
    a_process += BYTES[sharing.packed] * packed if sharing.packed else 0.0
    return a_process * setup.machine.devices


def like(shape: Shape, figure: Figure) -> float | None:
    """Our own estimate of what a published figure tells, in bytes a device, where we train that way."""
    if figure.devices is None:
        return None
    row = Batch(figure.tokens, figure.tokens // 2, 1, float(figure.tokens))
    sharing = Sharing(ranks=figure.devices, deepspeed=True, zero=3, checkpointing="offload")
    return memory(shape, row, sharing, Device.of("cuda", bf16=True)).total
