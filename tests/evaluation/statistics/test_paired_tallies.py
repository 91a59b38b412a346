from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.metrics import f1_score

from medgpt_cli.evaluation.statistics import clustered, paired, paired_tallies
from medgpt_cli.evaluation.statistics.clustered import bootstrap_mean, bootstrap_tallies

CASES = [f"{n // 3:02}" for n in range(36)]


def mean(counts: Sequence[float]) -> float | None:
    return counts[0] / counts[1] if counts[1] else None


def random_run(seed: int, share: float) -> list[tuple[float, float]]:
    return [(float(value), 1.0) for value in np.random.default_rng(seed).random(36) < share]


def test_a_mean_written_as_counts_is_compared_as_a_mean() -> None:
    first, second = random_run(1, 0.4), random_run(2, 0.75)
    ours = paired_tallies.compare(first, second, CASES, mean)
    plain = paired.compare([k for k, _ in first], [k for k, _ in second], CASES)
    assert ours
    assert (ours.first, ours.second, ours.n, ours.clusters) == (plain.first, plain.second, 36, 12)
    assert ours.difference == pytest.approx(plain.difference)
    assert (ours.low, ours.high) == pytest.approx((plain.low, plain.high), abs=1e-12)
    assert plain.visible
    assert ours.visible == pytest.approx(plain.visible, rel=0.06)
    assert (ours.gained, ours.lost, ours.test) == (None, None, "cases changing sides")
    assert ours.p == pytest.approx(plain.p, abs=4 * (plain.p / paired_tallies.SWAPS) ** 0.5)
    assert ours.verdict == plain.verdict == "better"


def test_macro_f1() -> None:
    """Counts of hits, golds and predictions for two classes, against scikit-learn."""
    rng = np.random.default_rng(3)
    gold = rng.integers(2, size=150)
    runs = [np.where(rng.random(150) < skill, gold, 1 - gold) for skill in (0.9, 0.6)]

    def tallies(said: np.ndarray) -> list[tuple[float, ...]]:
        return [
            tuple(float(x) for c in (0, 1) for x in (g == c == s, g == c, s == c))
            for g, s in zip(gold, said, strict=True)
        ]

    def macro(counts: Sequence[float]) -> float:
        return sum(2 * counts[at] / (counts[at + 1] + counts[at + 2]) for at in (0, 3)) / 2

    found = paired_tallies.compare(
        tallies(runs[0]), tallies(runs[1]), [str(n) for n in range(150)], macro
    )
    assert found
    assert [found.first, found.second] == pytest.approx(
        [f1_score(gold, said, average="macro") for said in runs]
    )
    assert found.low
    assert found.high
    assert found.low < found.difference < found.high < 0
    assert (found.verdict, found.p) == ("worse", 1 / (1 + paired_tallies.SWAPS))
    bounds = bootstrap_tallies(tallies(runs[0]), [str(n) for n in range(150)], macro)
    assert bounds
    assert bounds.low < found.first < bounds.high


def test_equal_runs() -> None:
    run = random_run(1, 0.5)
    found = paired_tallies.compare(run, run, CASES, mean)
    assert found
    assert (found.p, found.verdict, found.low, found.visible) == (1.0, "undecided", None, None)


def test_one_case_decides_nothing() -> None:
    found = paired_tallies.compare([(0, 1)] * 5, [(1, 1)] * 5, ["a"] * 5, mean)
    assert found
    assert (found.p, found.low, found.verdict) == (1.0, None, "undecided")


def test_counts_without_a_value_cannot_be_compared() -> None:
    assert paired_tallies.compare([(0, 0)], [(1, 1)], ["a"], mean) is None
    with pytest.raises(ValueError, match="the same items"):
        paired_tallies.compare([(0, 1)], [], ["a"], mean)


def test_the_interval_of_counts_is_that_of_the_mean() -> None:
    run = random_run(1, 0.5)
    assert bootstrap_tallies(run, CASES, mean) == pytest.approx(
        bootstrap_mean([k for k, _ in run], CASES), abs=1e-12
    )


@pytest.mark.parametrize(
    ("tallies", "clusters", "expected"),
    [
        ([], [], None),
        ([(0, 0)], ["a"], None),
        ([(3, 3), (3, 3)], ["a", "a"], clustered.without_spread(1.0, 1)),
        ([(3, 3), (3, 3)], ["a", "b"], clustered.without_spread(1.0, 2)),
        ([(6, 3), (6, 3)], ["a", "b"], None),
        ([(3, 3), (0, 0), (0, 0)], ["a", "b", "c"], None),
    ],
)
def test_counts_that_show_no_spread(
    tallies: list[tuple[float, float]], clusters: list[str], expected: tuple[float, float] | None
) -> None:
    assert bootstrap_tallies(tallies, clusters, mean) == expected
