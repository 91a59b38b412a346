"""Two gloo ranks that share a row against one that has it alone: loss and every gradient."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.multiprocessing.spawn import spawn

from medgpt_cli.core import distributed
from medgpt_cli.models.attention.closed import close_documents
from medgpt_cli.training.checkpointing import checkpoint_layers
from medgpt_cli.training.forward import learn_by_documents
from medgpt_cli.training.loss import IGNORED
from medgpt_cli.training.sequence import Part
from tests.models.attention.masks import bounds_of, restarted
from tests.models.attention.test_closed import LENGTHS, llava, packed

CASES = [
    ("gpt-oss", "text", "none"),
    ("gpt-oss", "images", "none"),
    ("gpt-oss", "images", "on"),
    ("llama", "text", "none"),
    ("llama", "images", "none"),
    ("one key-value head", "images", "none"),
]


def batch(shown: str) -> dict[str, torch.Tensor]:
    """72 tokens and so many that two ranks must fill up; the second image's tokens lie on both sides of the cut."""
    given = packed()
    ids = given["input_ids"]
    if shown == "text":
        ids[ids == 5], given = 6, {"input_ids": ids}
    else:
        ids[0, 30:34], ids[0, 34:38] = 7, 5
    lengths = [*LENGTHS, 1]
    ids = torch.cat([ids, ids.new_full((1, 1), 9)], dim=1)
    labels = ids.clone()
    labels[0, bounds_of(lengths)[:-1].long()] = IGNORED
    labels[0, 20:30] = IGNORED
    return given | {
        "input_ids": ids,
        "labels": labels,
        "position_ids": restarted(lengths),
        "cu_seq_lens_q": bounds_of(lengths),
    }


def learnt(case: tuple[str, str, str], group: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The summed loss of this rank and the gradients it leaves."""
    kind, shown, checkpointing = case
    model = llava(kind)
    close_documents(model)
    learn_by_documents(model, group)
    checkpoint_layers(model, checkpointing, "cpu")
    model.train()
    total, each = model(**batch(shown))
    torch.testing.assert_close(each.sum(), total.detach())
    total.backward()
    return total.detach(), {n: p.grad for n, p in model.named_parameters() if p.grad is not None}


def rank_of_two(rank: int, port: int, folder: Path) -> None:
    os.environ |= {
        "RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": str(port),
    }  # fmt: skip
    torch.set_num_threads(1)
    distributed.join("cpu")
    group = distributed.share_rows(2)
    results = []
    for case in CASES:
        loss, grads = learnt(case, group)
        for tensor in (loss, *(grads[name] for name in sorted(grads))):
            torch.distributed.all_reduce(tensor)
        results.append((loss, grads))
    if rank == 0:
        torch.save(results, folder / "results.pt")
    torch.distributed.destroy_process_group()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("shared")
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    spawn(rank_of_two, args=(port, folder), nprocs=2)
    results: list[Any] = torch.load(folder / "results.pt")
    return results


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_two_ranks_that_share_a_row_equal_one(shared: list[Any], case: tuple[str, str, str]) -> None:
    loss, grads = learnt(case, None)
    their_loss, their_grads = shared[CASES.index(case)]
    torch.testing.assert_close(their_loss, loss, atol=0, rtol=1e-6)
    assert their_grads.keys() == grads.keys()
    assert case[0] != "gpt-oss" or any(
        "sinks" in name and g.abs().max() > 1e-3 for name, g in grads.items()
    )
    assert case[1] != "images" or any(
        "vision" in name and g.abs().max() > 1e-3 for name, g in grads.items()
    )
    for name, grad in grads.items():
        torch.testing.assert_close(their_grads[name], grad, atol=1e-5, rtol=0, msg=name)


class Group:
    """A process group as far as parts need one."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = lambda: rank, lambda: size


@pytest.mark.parametrize(
    ("tokens", "ranks", "own"), [(8, 2, [4, 4]), (7, 2, [4, 3]), (2, 4, [1, 1, 0, 0])]
)
def test_parts_of_a_row(tokens: int, ranks: int, own: list[int]) -> None:
    parts = [Part.of(tokens, Group(rank, ranks)) for rank in range(ranks)]
    assert [part.own for part in parts] == own
    row = torch.arange(1, tokens + 1)[None]
    cut = torch.cat([part.cut(row) for part in parts], dim=1)
    assert cut[0, :tokens].tolist() == row[0].tolist()
    assert not cut[0, tokens:].any()
    bounds = parts[0].bounds(torch.tensor([0, 1, tokens]))
    assert bounds.tolist() == [0, 1, tokens, *([cut.shape[1]] if cut.shape[1] > tokens else [])]
