"""What the loss costs at gpt-oss's vocabulary, forward and backward: ours beside what torch, transformers and TRL do.

    python -m tests.benchmarks.bench_loss FOLDER [ROUNDS] [POSITIONS]

Float32, 1,024 positions of width 512, 201,088 tokens, of which 10 to 100 in 100 are supervised; gradients of the
hidden state and of the head.  `full logits` is what stock models do; torch's `linear_cross_entropy` is given all
positions or the supervised ones, with and without its chunking; TRL's fused head is called as its `SFTTrainer` calls
it, where it is installed.  Equal losses first, then medians in turns; memory is what one call adds to what is
resident, the gradients it leaves included.  Writes FOLDER/loss.json and prints a table.  Nothing is asserted here.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy, linear, linear_cross_entropy

from medgpt_cli.core import tables
from medgpt_cli.training.loss import IGNORED, position_losses
from tests.benchmarks.measuring import environment, forget_peak, in_turns, installed, resident, write

VOCABULARY, WIDTH, POSITIONS = 201_088, 512, 1024
SHARES = (0.1, 0.25, 0.5, 1.0)
ROUNDS = 5

LIBC = ctypes.CDLL(None)

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""Mean over supervised positions from hidden states (S, C), head (V, C) and labels (S)."""


def ours(hidden: torch.Tensor, weight: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The loss of the training engine."""
    chosen = labels != IGNORED
    total, each = position_losses(hidden[chosen], weight, None, labels[chosen])
    return total / len(each)


def full_logits(hidden: torch.Tensor, weight: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """All logits, as stock models do."""
    return cross_entropy(linear(hidden, weight).float(), labels)


def of_torch(
    hidden: torch.Tensor, weight: torch.Tensor, labels: torch.Tensor, *, chunked: bool, chosen: bool
) -> torch.Tensor:
    """torch's fused function, over all or over supervised positions."""
    if chosen:
        keep = labels != IGNORED
        hidden, labels = hidden[keep], labels[keep]
    options = torch.nn.LinearCrossEntropyOptions() if chunked else None
    return linear_cross_entropy(hidden, weight, labels, options=options)


def of_trl(hidden: torch.Tensor, weight: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """TRL's fused head with the outputs that `SFTTrainer` asks for; away from Triton it scores every position."""
    from trl.trainer import utils  # type: ignore[import-not-found]

    mask = labels != IGNORED
    found = utils._ChunkedLogProbFunction.apply(
        hidden,
        weight,
        None,
        labels.clamp(min=0),
        1.0,
        utils._CHUNKED_LOGPROB_CHUNK_SIZE,
        None,
        1.0,
        ("log_probs", "entropy", "is_top1"),
    )
    loss: torch.Tensor = -found[0].masked_fill(~mask, 0).sum() / mask.sum()
    return loss


def losses() -> dict[str, Loss]:
    """What is compared, by name."""
    found: dict[str, Loss] = {
        "medgpt": ours,
        "full logits": full_logits,
        "torch, all": partial(of_torch, chunked=False, chosen=False),
        "torch, all, chunked": partial(of_torch, chunked=True, chosen=False),
        "torch, supervised": partial(of_torch, chunked=False, chosen=True),
        "torch, supervised, chunked": partial(of_torch, chunked=True, chosen=True),
    }
    return found | ({"TRL": of_trl} if installed("trl") else {})


def once(loss: Loss, hidden: torch.Tensor, weight: torch.Tensor, labels: torch.Tensor) -> float:
    """One call forward and backward, from no gradient."""
    hidden.grad = weight.grad = None
    value = loss(hidden, weight, labels)
    value.backward()  # type: ignore[no-untyped-call]
    return value.item()


def added(work: Callable[[], Any], *tensors: torch.Tensor) -> int:
    """Bytes that a call adds to what is resident, at its peak."""
    for tensor in tensors:
        tensor.grad = None
    gc.collect()
    if hasattr(LIBC, "malloc_trim"):
        LIBC.malloc_trim(0)  # what was freed before would be taken again unseen
    before = forget_peak()
    work()
    return resident("VmHWM") - before


def run(folder: Path, rounds: int = ROUNDS, positions: int = POSITIONS) -> None:
    """Measures, writes `loss.json` into `folder`, and prints the table."""
    draw = torch.Generator().manual_seed(0)
    hidden = torch.randn(positions, WIDTH, generator=draw).requires_grad_()
    weight = torch.randn(VOCABULARY, WIDTH, generator=draw).mul_(0.02).requires_grad_()
    found: dict[str, Any] = {}
    for share in SHARES:
        labels = torch.randint(0, VOCABULARY, (positions,), generator=draw)
        labels[torch.randperm(positions, generator=draw)[round(positions * share) :]] = IGNORED
        works = {
            name: partial(once, loss, hidden, weight, labels)
            for name, loss in losses().items()
            if share < 1 or "supervised" not in name  # the same as all, then
        }
        values = {name: work() for name, work in works.items()}
        memory = {name: added(work, hidden, weight) for name, work in works.items()}
        spent = in_turns(works, rounds, warm=False)
        found[f"{share:.0%}"] = {
            name: {"loss": values[name], "added": memory[name], **spent[name]} for name in works
        }
    document = {
        "what": "loss and its gradients, forward and backward",
        "positions": positions,
        "width": WIDTH,
        "vocabulary": VOCABULARY,
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        **environment("trl"),
        "supervised": found,
        **({} if installed("trl") else {"TRL": "not run: TRL is not installed"}),
    }
    write(folder, "loss", document)
    rows = [
        (
            share,
            name,
            f"{each['loss']:.5f}",
            f"{each['cpu_seconds']:.2f}",
            f"{each['cpu_seconds'] / shares['medgpt']['cpu_seconds']:.2f}x",
            f"{each['added'] / 2**20:,.0f}",
        )
        for share, shares in found.items()
        for name, each in shares.items()
    ]
    heads = ("supervised", "loss by", "nats", "CPU-s", "by ours", "MiB added")
    sys.stdout.write(tables.aligned(heads, rows) + "\n")
    if not installed("trl"):
        sys.stdout.write("TRL: not run, it is not installed\n")


if __name__ == "__main__":
    run(Path(sys.argv[1]), *map(int, sys.argv[2:]))
