"""What a stage would do, without doing it: the resolved recipe, counts, memory and time."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from medgpt_cli.core import console
from medgpt_cli.core.distributed import ranks
from medgpt_cli.core.recipe import Resolved
from medgpt_cli.training.arguments import run_length
from medgpt_cli.training.parts import freeze
from medgpt_cli.training.progress import duration
from medgpt_cli.workflows import mix
from medgpt_cli.workflows.adapting import by_adapters
from medgpt_cli.workflows.quantising import saved_by_packing
from medgpt_cli.workflows.stage_data import gather
from medgpt_cli.workflows.stage_trainer import attention_of, batch_of, rows_of_pass
from medgpt_cli.workflows.starting import build_model, learning_parts

BYTES_WEIGHT = 4
BYTES_LEARNT = 12
"""Bytes a learnt parameter takes beside its weight: gradient and AdamW's two moments, float32 each."""

PROBE = 512
"""Side of the square matrices multiplied to learn this machine's rate."""


def tell(resolved: Resolved, *, online: bool, as_json: bool) -> None:
    """Prints the outlook of a stage; writes nothing.

    Args:
        resolved: The checked recipe.
        online: Whether a hub id may be fetched.
        as_json: Print one JSON document instead of the table.
    """
    recipe = resolved.recipe
    model, processor = build_model(recipe, online=online)
    gathered = gather(recipe, processor)
    counts = freeze(model, learning_parts(recipe), by_adapters(recipe))
    total = sum(count.total for count in counts.values())
    learnt = sum(count.trained for count in counts.values())
    mixture = gathered.mixture
    rows = rows_of_pass(recipe, gathered, 0)
    shares = ranks() // recipe.engine.sequence_parallel
    batch, attention = batch_of(recipe), attention_of(recipe, model)
    _, steps = run_length(recipe.train, len(rows), ranks=shares)
    # The records of the first pass; with shares, others come again in the next.
    lengths = gathered.train.lengths
    tokens = sum(lengths[i] for row in rows for i in row) / len(rows)
    per_step = tokens * batch.rows_of_step
    outlook = {
        "stage": recipe.stage,
        "records": len(gathered.train),
        "mix": mix.document(mixture),
        "images": gathered.train.pictures,
        "tiles": sum(gathered.train.images),
        "steps": steps,
        "tokens_per_step": round(per_step),
        "batch": asdict(batch),
        "attention": asdict(attention),
        "longest_record": max(lengths),
        "parameters": {part: count._asdict() for part, count in counts.items()},
        "memory_bytes_without_activations": round(
            total * BYTES_WEIGHT + learnt * BYTES_LEARNT - saved_by_packing(model, BYTES_WEIGHT)
        ),
        "seconds_roughly": round(_seconds(total, learnt, per_step / ranks()) * steps),
        "recipe": resolved.as_json(),
    }
    if as_json:
        console.print_json(outlook)
    else:
        _table(outlook)
        for sentence in (batch.sentence(), attention.sentence()):
            console.result().print(f"{sentence[0].upper()}{sentence[1:]}.", soft_wrap=True)
        console.result().print("The recipe in full: medgpt recipe show")


def _seconds(total: int, learnt: int, tokens: float) -> float:
    # Two operations a parameter and token forward, two more back through it, two more where it learns; every
    # expert is counted, which is too many, and attention and the reading of images are not, which is too few.
    import torch

    a = torch.rand(PROBE, PROBE)
    a @ a
    began = time.perf_counter()
    for _ in range(8):
        a @ a
    rate = 8 * 2 * PROBE**3 / (time.perf_counter() - began)
    return (4 * total + 2 * learnt) * tokens / rate


def _table(outlook: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(
        title=f"{outlook['stage']}: what would happen (nothing was written)",
        title_justify="left",
        box=None,
    )
    table.add_column("", style="dim")
    table.add_column("", justify="right")
    sources = outlook["mix"]["sources"]
    memory = outlook["memory_bytes_without_activations"] / 2**30
    for name, value in (
        ("records", f"{outlook['records']:,}"),
        ("images", f"{outlook['images']:,}"),
        *([("tiles of these", f"{outlook['tiles']:,}")] if outlook["tiles"] > outlook["images"] else []),
        *(
            (f"{each['name']}, a pass", mix.in_a_pass(each["a_pass"], each["records"]))
            for each in (sources if len(sources) > 1 else ())
        ),
        ("optimiser steps", f"{outlook['steps']:,}"),
        ("tokens a step", f"{outlook['tokens_per_step']:,}"),
        ("longest record, tokens", f"{outlook['longest_record']:,}"),
        ("memory, activations not counted", f"{memory:.2f} GiB"),
        ("time, roughly", duration(outlook["seconds_roughly"])),
    ):
        table.add_row(name, value)
    for part, count in outlook["parameters"].items():
        table.add_row(f"{part} parameters that learn", f"{count['trained']:,} of {count['total']:,}")
    console.result().print(table)
