from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from medgpt_cli.evaluation.intervals import wilson
from medgpt_cli.evaluation.statistics import clustered
from medgpt_cli.evaluation.transfer.outcomes import Answers, Gold, macro_f1, score, tallies


def answered(
    gold: Gold, seeds: int = 1, right: float = 0.7, tower: str = "ours", first: int = 0
) -> Answers:
    predicted = []
    for seed in range(first, first + seeds):
        rng = np.random.default_rng(seed)
        given = np.where(
            rng.random(len(gold.gold)) < right,
            gold.gold,
            rng.integers(len(gold.labels), size=len(gold.gold)),
        )
        predicted.append(tuple(given.tolist()))
    return Answers(tower=tower, set=gold.name, mode="probe", predicted=tuple(predicted))


def gold(name: str = "cxr", count: int = 60, classes: int = 3, per_case: int = 2) -> Gold:
    rng = np.random.default_rng(7)
    return Gold(
        name=name,
        labels=tuple(f"label {n}" for n in range(classes)),
        gold=tuple(rng.integers(classes, size=count).tolist()),
        cases=tuple(f"patient {n // per_case}" for n in range(count)),
    )


@pytest.mark.parametrize("classes", [3, 5])
def test_macro_f1_is_scikit_learns_over_the_fixed_list(classes: int) -> None:
    # With five classes two occur nowhere, and count as 0.
    right = list(gold().gold)
    given = list(answered(gold()).predicted[0])
    peer = f1_score(right, given, labels=range(classes), average="macro", zero_division=0)
    assert macro_f1(right, given, classes) == pytest.approx(peer, abs=1e-12)


def test_a_score_is_the_mean_over_seeds() -> None:
    each = gold()
    found = score(each, answered(each, seeds=3))
    peers = [
        f1_score(each.gold, seed, labels=range(3), average="macro", zero_division=0)
        for seed in answered(each, seeds=3).predicted
    ]
    assert found.by_seed == pytest.approx(peers, abs=1e-12)
    assert found.macro_f1 == pytest.approx(np.mean(peers), abs=1e-12)
    hits = [np.mean(np.equal(each.gold, seed)) for seed in answered(each, seeds=3).predicted]
    assert found.accuracy == pytest.approx(np.mean(hits), abs=1e-12)
    assert (found.n, found.cases) == (60, 30)
    by_class = [
        f1_score(each.gold, seed, labels=range(3), average=None, zero_division=0)
        for seed in answered(each, seeds=3).predicted
    ]
    assert [row.f1 for row in found.classes] == pytest.approx(np.mean(by_class, axis=0), abs=1e-12)
    assert [row.support for row in found.classes] == np.bincount(each.gold).tolist()


def test_the_interval_draws_whole_cases() -> None:
    each = gold()
    given = answered(each)

    def drawn(numbers: np.ndarray) -> float:
        right, answers = np.array(each.gold)[numbers], np.array(given.predicted[0])[numbers]
        return macro_f1(right.tolist(), answers.tolist(), 3)

    found = score(each, given)
    peer = clustered.bootstrap_statistic(each.cases, drawn, resamples=1000)
    assert peer is not None
    # Drawn class by class here, all at once there: no class is rare, so the two are alike.
    assert found.low == pytest.approx(peer.low, abs=0.03)
    assert found.high == pytest.approx(peer.high, abs=0.03)
    assert found.low < found.macro_f1 < found.high
    # Twice the same picture is one case: half as many cases, a wider interval.
    twins = Gold(name="cxr", labels=each.labels, gold=each.gold * 2, cases=each.cases * 2)
    twice = Answers(tower="ours", set="cxr", mode="probe", predicted=(given.predicted[0] * 2,))
    assert score(twins, twice).low == pytest.approx(found.low, abs=1e-9)


def test_repeating_a_seed_changes_nothing() -> None:
    each = gold()
    one = answered(each)
    thrice = Answers(tower="ours", set="cxr", mode="probe", predicted=one.predicted * 3)
    a, b = score(each, one), score(each, thrice)
    assert b.by_seed == a.by_seed * 3
    assert (b.macro_f1, b.low, b.high) == pytest.approx((a.macro_f1, a.low, a.high), abs=1e-12)


def test_tallies_add_up() -> None:
    assert tallies([0, 1], [[0, 0]], 2).tolist() == [[1, 1, 1, 0, 0, 0], [0, 0, 1, 0, 1, 0]]


def test_a_draw_never_loses_a_class() -> None:
    # Drawn from all four at once, one draw in eight would miss a class and halve a perfect answer.
    each = Gold(name="cxr", labels=("a", "b"), gold=(0, 0, 1, 1), cases=("1", "2", "3", "4"))
    found = score(each, Answers(tower="ours", set="cxr", mode="probe", predicted=((0, 0, 1, 1),)))
    assert (found.low, found.high) == wilson(3, 3)
