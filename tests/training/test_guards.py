from __future__ import annotations

import json

import pytest

from medgpt_cli.training.guards import Guard

NAN, INF = float("nan"), float("inf")


def after(norms: list[float], **words: float) -> Guard:
    guard = Guard(**{"spike": 10.0, "warmup": 3, "window": 3, "patience": 2, **words})
    for norm in norms:
        guard.keep(norm)
    return guard


@pytest.mark.parametrize(
    ("loss", "norm", "fault"),
    [
        (NAN, 1.0, "the loss is no longer a number"),
        (INF, 1.0, "the loss is no longer a number"),
        (1.0, NAN, "the gradient is no longer a number"),
        (1.0, INF, "the gradient is no longer a number"),
        (1.0, 1e30, ""),
    ],
)
def test_what_is_no_number_is_refused_from_the_first_step(loss: float, norm: float, fault: str) -> None:
    assert after([]).fault(loss, norm) == fault


def test_a_spike_is_told_by_the_median_of_the_newest_good_steps() -> None:
    guard = after([500.0, 1.0, 2.0, 3.0])
    assert guard.fault(1.0, 20.0) == ""
    assert guard.fault(1.0, 21.0) == ("the gradient's norm, 21, is more than 10 times the usual, 2,")


def test_norms_are_not_compared_before_the_warmup_is_over() -> None:
    assert after([1.0, 1.0]).fault(1.0, 1e6) == ""
    assert after([1.0, 1.0, 1.0]).fault(1.0, 1e6)


def test_a_warmup_may_be_longer_than_the_window() -> None:
    assert after([1.0] * 5, warmup=5).fault(1.0, 1e6)


def test_a_norm_that_clipping_leaves_alone_is_no_spike() -> None:
    guard = after([0.01] * 3, clip=1.0)
    assert guard.fault(1.0, 1.0) == ""
    assert guard.fault(1.0, 1.01)


def test_no_finite_norm_is_a_spike_where_there_is_no_factor() -> None:
    assert after([1.0] * 3, spike=None).fault(1.0, 1e30) == ""


def test_patience_ends_after_so_many_in_a_row() -> None:
    guard = after([])
    assert not guard.refuse()
    guard.keep(1.0)
    assert not guard.refuse()
    assert guard.refuse()
    assert (guard.refused, guard.in_a_row) == (3, 2)


def test_a_guard_goes_on_as_it_was() -> None:
    guard = after([0.1 + 0.2, 1 / 3, 7.0])
    guard.refuse()
    other = after([])
    other.load(json.loads(json.dumps(guard.state())))
    assert other.state() == guard.state()
    for norm in (2.0, 3.34, 3.4, 70.0):
        assert other.fault(1.0, norm) == guard.fault(1.0, norm)
