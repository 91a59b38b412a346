import math
from itertools import product

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats import contingency_tables, multitest, power

from medgpt_cli.evaluation.intervals import wilson
from medgpt_cli.evaluation.statistics import clustered, paired
from medgpt_cli.evaluation.statistics.paired import (
    adjust,
    compare,
    holm,
    mcnemar,
    sign_flips,
    visible_difference,
)


def one_each(count: int) -> list[str]:
    return [f"{n:05}" for n in range(count)]


def runs(gained: int, lost: int, both: int, neither: int) -> tuple[list[float], list[float]]:
    first = [0.0] * gained + [1.0] * lost + [1.0] * both + [0.0] * neither
    second = [1.0] * gained + [0.0] * lost + [1.0] * both + [0.0] * neither
    return first, second


@pytest.mark.parametrize(("gained", "lost"), [(0, 1), (5, 0), (0, 6), (12, 3), (30, 31), (200, 150)])
def test_mcnemar_equals_statsmodels(gained: int, lost: int) -> None:
    peer = contingency_tables.mcnemar([[40, gained], [lost, 9]], exact=True).pvalue
    assert mcnemar(gained, lost) == pytest.approx(peer, rel=1e-9)


def test_mcnemar_of_equal_answers() -> None:
    assert mcnemar(0, 0) == 1.0


def test_a_comparison_worked_by_hand() -> None:
    """Of 20 questions the second gains 9 and loses 1: p = 2 (1 + 10) / 2**10."""
    result = compare(*runs(9, 1, 6, 4), one_each(20))
    assert (result.n, result.clusters, result.gained, result.lost) == (20, 20, 9, 1)
    assert (result.first, result.second, result.difference) == (7 / 20, 15 / 20, pytest.approx(8 / 20))
    assert (result.test, result.p) == ("McNemar, exact", pytest.approx(22 / 1024))
    assert (result.adjusted, result.verdict) == (result.p, "better")
    # The spread of 9 times +1, once -1 and ten times 0 about their mean.
    variance = (9 * 0.6**2 + 1.4**2 + 10 * 0.4**2) / 19
    assert result.visible == pytest.approx((1.959964 + 0.841621) * math.sqrt(variance / 20), abs=1e-6)
    assert result.low
    assert result.high
    assert 0 < result.low < 0.4 < result.high < 0.8


@pytest.mark.parametrize(
    ("gained", "lost", "better", "verdict"),
    [
        (9, 1, "higher", "better"),
        (9, 1, "lower", "worse"),
        (1, 9, "higher", "worse"),
        (1, 9, "lower", "better"),
        (8, 2, "higher", "undecided"),
        (5, 5, "higher", "undecided"),
    ],
)
def test_verdicts(gained: int, lost: int, better: paired.Better, verdict: str) -> None:
    assert compare(*runs(gained, lost, 5, 5), one_each(20), better=better).verdict == verdict


def test_gains_are_items_on_which_the_good_end_was_come_nearer() -> None:
    result = compare([1.0, 2.0, 3.0], [0.5, 2.0, 2.0], one_each(3), better="lower")
    assert (result.gained, result.lost, result.difference) == (2, 0, pytest.approx(-0.5))


def test_answers_on_one_picture_do_not_count_as_many() -> None:
    """Twenty gains on two pictures are two gains; on twenty pictures they are twenty."""
    first, second = runs(20, 0, 20, 0)
    on_few = compare(first, second, [f"{n // 10}" for n in range(40)])
    assert (on_few.test, on_few.p, on_few.verdict) == ("sign flips over cases", 0.5, "undecided")
    assert (on_few.clusters, on_few.gained) == (4, 20)
    apart = compare(first, second, one_each(40))
    assert (apart.test, apart.verdict) == ("McNemar, exact", "better")
    assert on_few.visible
    assert apart.visible
    assert on_few.visible > 3 * apart.visible


@pytest.mark.parametrize("count", [1, 2, 5, 9, 14])
def test_all_sign_patterns_equal_scipy(count: int) -> None:
    sums = np.random.default_rng(count).normal(0.5, 1, size=count)
    patterns = [np.dot(signs, sums) for signs in product((-1, 1), repeat=count)]
    by_hand = np.mean(np.abs(patterns) >= abs(sums.sum()) - 1e-9)
    assert sign_flips(sums) == pytest.approx(by_hand, abs=1e-12)
    if count > 1:
        peer = stats.permutation_test(
            (sums, np.zeros(count)),
            lambda a, b: float(np.mean(a - b)),
            permutation_type="samples",
            n_resamples=np.inf,
            alternative="two-sided",
        )
        assert sign_flips(sums) == pytest.approx(peer.pvalue, abs=1e-12)


def test_drawn_sign_patterns_come_near_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = np.random.default_rng(4).normal(0.45, 1, size=14)
    every = sign_flips(sums)
    assert 0.01 < every < 0.5
    monkeypatch.setattr(paired, "ALL_PATTERNS", 0)
    monkeypatch.setattr(clustered, "AT_ONCE", 1000)
    drawn = sign_flips(sums)
    assert drawn == pytest.approx(every, abs=4 * math.sqrt(every * (1 - every) / paired.FLIPS))
    assert drawn == sign_flips(sums)
    assert drawn != sign_flips(sums, seed=1)


def test_of_very_sure_differences_no_p_value_is_zero() -> None:
    assert sign_flips(np.ones(60)) == 1 / (1 + paired.FLIPS)
    assert sign_flips(np.zeros(60)) == 1.0


@pytest.mark.parametrize("values", [[], [0.04], [0.01, 0.04, 0.03], [0.5, 0.9, 0.001, 0.001, 0.02]])
def test_holm_equals_statsmodels(values: list[float]) -> None:
    peer = multitest.multipletests(values, method="holm")[1] if values else []
    assert holm(values) == pytest.approx(list(peer))


def test_holm_takes_back_what_one_of_many_would_have_said() -> None:
    lucky = compare(*runs(10, 2, 5, 5), one_each(22))
    sure = compare(*runs(20, 0, 5, 5), one_each(30), better="lower")
    assert lucky.verdict == "better"
    assert lucky.p == pytest.approx(158 / 4096)
    adjusted = adjust([lucky, sure])
    assert [each.verdict for each in adjusted] == ["better", "worse"]
    adjusted = adjust([lucky, lucky, sure])
    assert [each.verdict for each in adjusted] == ["undecided", "undecided", "worse"]
    assert [each.adjusted for each in adjusted] == pytest.approx([2 * lucky.p, 2 * lucky.p, 3 * sure.p])


def test_the_interval_of_a_difference_equals_scipy() -> None:
    rng = np.random.default_rng(8)
    first, second = rng.random(600), rng.random(600) + 0.1
    result = compare(list(first), list(second), one_each(600))
    peer = stats.bootstrap(
        (second - first,), np.mean, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert (result.low, result.high) == pytest.approx((peer.low, peer.high), abs=0.008)
    assert result.test == "sign flips over cases"
    assert result.p == pytest.approx(stats.ttest_rel(second, first).pvalue, abs=0.01)


@pytest.mark.parametrize(
    ("first", "second", "bounds"),
    [
        ([1.0, 0.0] * 10, [1.0, 0.0] * 10, (-wilson(0, 20).high, wilson(0, 20).high)),
        ([0.0] * 20, [1.0] * 20, tuple(wilson(20, 20))),
        ([1.0] * 20, [0.0] * 20, (-1.0, -wilson(20, 20).low)),
        ([0.5] * 20, [0.75] * 20, (None, None)),
    ],
)
def test_a_difference_that_is_the_same_everywhere_is_never_sure(
    first: list[float], second: list[float], bounds: tuple[float | None, float | None]
) -> None:
    result = compare(first, second, one_each(20))
    assert (result.low, result.high) == pytest.approx(bounds)
    assert result.visible is None


def test_one_case_decides_nothing() -> None:
    result = compare([0.0] * 9, [1.0] * 9, ["a"] * 9)
    assert (result.p, result.verdict, result.visible) == (1.0, "undecided", None)
    assert (result.low, result.high) == pytest.approx(wilson(1, 1))


@pytest.mark.parametrize(("first", "second"), [([], []), ([1.0], [1.0, 0.0])])
def test_other_items_cannot_be_compared(first: list[float], second: list[float]) -> None:
    with pytest.raises(ValueError, match="the same items on both sides"):
        compare(first, second, ["a"] * len(first))


@pytest.mark.parametrize(
    ("questions", "points"),
    [(150, 11.4), (308, 8.0), (451, 6.6), (1061, 4.3), (2000, 3.1), (2851, 2.6), (6719, 1.7)],
)
def test_what_so_many_questions_can_show(questions: int, points: float) -> None:
    visible = visible_difference(questions)
    assert 100 * visible == pytest.approx(points, abs=0.05)
    # A difference of right-or-wrong answers correlated at 0.5 has a standard deviation of one half.
    assert power.normal_power(visible / 0.5, questions, alpha=0.05) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.slow
def test_no_difference_is_called_one_in_at_most_one_of_twenty() -> None:
    """Two equal models on 60 pictures of one to nine questions, 1,000 times; and a real difference is found."""
    rng = np.random.default_rng(0)
    found = {0.0: 0, 0.8: 0}
    for extra in found:
        for seed in range(1000):
            clusters = [str(n) for n in np.repeat(np.arange(60), rng.integers(1, 10, size=60))]
            effect = rng.normal(extra, 1, size=60)[np.array([int(c) for c in clusters])]
            first = rng.random(len(clusters)) < 0.5
            second = rng.random(len(clusters)) < 1 / (1 + np.exp(-effect))
            result = compare(list(first.astype(float)), list(second.astype(float)), clusters, seed=seed)
            found[extra] += result.verdict != "undecided"
    print({extra: count / 1000 for extra, count in found.items()})  # noqa: T201
    assert 0.03 < found[0.0] / 1000 < 0.07
    assert found[0.8] / 1000 > 0.85
