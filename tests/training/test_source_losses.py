from __future__ import annotations

from types import SimpleNamespace

import torch

from medgpt_cli.training.source_losses import SourceLosses


def test_sums_are_added_up_until_they_are_taken() -> None:
    losses = SourceLosses(["a", "b"])
    losses.add(torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0, 1, 0]))
    losses.add(torch.tensor([8.0]), torch.tensor([1]))
    assert losses.take() == {
        "a": {"loss_sum": 5.0, "tokens": 2},
        "b": {"loss_sum": 10.0, "tokens": 2},
    }
    assert losses.take() == {name: {"loss_sum": 0.0, "tokens": 0} for name in "ab"}


def test_what_other_processes_saw_is_added() -> None:
    losses = SourceLosses(["a"])
    losses.add(torch.tensor([1.0]), torch.tensor([0]))
    two = SimpleNamespace(
        num_processes=2, device="cpu", reduce=lambda sums, reduction: {"sum": 2 * sums}[reduction]
    )
    assert losses.take(two) == {"a": {"loss_sum": 2.0, "tokens": 2}}


def test_many_small_losses_are_not_lost_in_a_large_sum() -> None:
    losses = SourceLosses(["a"])
    losses.add(torch.tensor([2.0**25]), torch.tensor([0]))
    for _ in range(10):
        losses.add(torch.tensor([1.0]), torch.tensor([0]))
    assert losses.take()["a"]["loss_sum"] == 2**25 + 10


def test_what_was_added_since_it_was_settled_can_be_taken_out() -> None:
    losses = SourceLosses(["a"])
    losses.add(torch.tensor([1.0]), torch.tensor([0]))
    losses.settle()
    losses.add(torch.tensor([float("nan")]), torch.tensor([0]))
    losses.unsettle()
    losses.add(torch.tensor([2.0]), torch.tensor([0]))
    assert losses.take() == {"a": {"loss_sum": 3.0, "tokens": 2}}
    losses.add(torch.tensor([float("nan")]), torch.tensor([0]))
    losses.unsettle()
    assert losses.take() == {"a": {"loss_sum": 0.0, "tokens": 0}}
