"""Attention with sinks at growing lengths, forward and backward: ours beside the eager attention of transformers.

    python -m tests.benchmarks.bench_attention FOLDER [ROUNDS] [LONGEST]

One full layer and one with a window of 128, 8 heads of 64 over 2 key-value heads, float32, as half and half stand in
gpt-oss.  Eager is given the masks that stock gpt-oss builds, made beforehand, and is run while its scores fit 1 GiB.
Outputs and gradients are compared first.  Medians in turns; memory is what one call adds to what is resident.
Writes FOLDER/attention.json and prints a table.  Nothing is asserted here.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from transformers.models.gpt_oss.modeling_gpt_oss import eager_attention_forward

from medgpt_cli.core import tables
from medgpt_cli.models.attention.closed import closed_documents
from tests.benchmarks.bench_loss import added
from tests.benchmarks.measuring import environment, in_turns, write

HEADS, GROUPS, SIZE, WINDOW = 8, 2, 64, 128
LENGTHS = (1024, 4096, 8192, 32_768)
EAGER_SCORES = 2**30
"""Bytes of one matrix of scores up to which eager is run; it holds several."""

ROUNDS = 5


def states(length: int) -> tuple[torch.Tensor, ...]:
    """Query, key, value and sinks, with gradients."""
    draw = torch.Generator().manual_seed(length)
    shapes = ((1, HEADS, length, SIZE), (1, GROUPS, length, SIZE), (1, GROUPS, length, SIZE), (HEADS,))
    return tuple(torch.randn(shape, generator=draw).requires_grad_() for shape in shapes)


def masks(length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What stock gpt-oss hands its full and its sliding layers, (1, 1, S, S)."""
    place = torch.arange(length)
    behind = place[:, None] - place
    lowest = torch.finfo(torch.float32).min
    full = torch.zeros(length, length).masked_fill_(behind < 0, lowest)
    return full[None, None], full.masked_fill(behind >= WINDOW, lowest)[None, None]


def ours(given: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """A full and a sliding layer of the engine."""
    query, key, value, sinks = given
    out = sum(
        closed_documents(
            None, query, key, value, None, scaling=SIZE**-0.5, sliding_window=window, s_aux=sinks
        )[0]
        for window in (None, WINDOW)
    )
    assert isinstance(out, torch.Tensor)
    return out


def eager(given: tuple[torch.Tensor, ...], hidden: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """A full and a sliding layer of transformers."""
    query, key, value, sinks = given
    module = SimpleNamespace(sinks=sinks, num_key_value_groups=HEADS // GROUPS, training=True)
    out = sum(
        eager_attention_forward(module, query, key, value, mask, scaling=SIZE**-0.5)[0]
        for mask in hidden
    )
    assert isinstance(out, torch.Tensor)
    return out


def back_and_forth(work: Any, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """The output and all gradients, from none."""
    for each in given:
        each.grad = None
    out = work(given)
    out.square().sum().backward()
    return (out.detach(), *(each.grad for each in given))


def run(folder: Path, rounds: int = ROUNDS, longest: int = LENGTHS[-1]) -> None:
    """Measures, writes `attention.json` into `folder`, and prints the table."""
    found: dict[str, Any] = {}
    for length in (each for each in LENGTHS if each <= longest):
        given = states(length)
        works: dict[str, Any] = {"medgpt": partial(back_and_forth, ours, given)}
        row: dict[str, Any] = {}
        if 4 * HEADS * length**2 <= EAGER_SCORES:
            works["eager"] = partial(back_and_forth, partial(eager, hidden=masks(length)), given)
            mine, stock = (
                torch.cat([part.flatten() for part in work()]).clone() for work in works.values()
            )
            row["largest_difference"] = float((mine - stock).abs().max() / stock.abs().max())
        else:
            row["eager"] = "not run: its scores alone take more than 1 GiB a layer"
        memory = {name: added(work, *given) for name, work in works.items()}
        for name, spent in in_turns(works, rounds).items():
            row[name] = {"added": memory[name], **spent}
        found[str(length)] = row
    document = {
        "what": "a full and a sliding layer of attention with sinks, forward and backward",
        "heads": HEADS,
        "key_value_heads": GROUPS,
        "head": SIZE,
        "window": WINDOW,
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        **environment(),
        "tokens": found,
    }
    write(folder, "attention", document)
    rows = []
    for tokens, row in found.items():
        mine, stock = row["medgpt"], row["eager"]
        told = isinstance(stock, str)
        rows.append(
            (
                f"{int(tokens):,}",
                f"{mine['cpu_seconds']:.3f}",
                "not run" if told else f"{stock['cpu_seconds']:.3f}",
                "" if told else f"{stock['cpu_seconds'] / mine['cpu_seconds']:.1f}x",
                f"{mine['added'] / 2**20:,.1f}",
                "" if told else f"{stock['added'] / 2**20:,.0f}",
                "" if told else f"{row['largest_difference']:.0e}",
            )
        )
    heads = ("tokens", "ours CPU-s", "eager", "eager by ours", "ours MiB", "eager MiB", "difference")
    sys.stdout.write(tables.aligned(heads, rows) + "\n")


if __name__ == "__main__":
    run(Path(sys.argv[1]), *map(int, sys.argv[2:]))
