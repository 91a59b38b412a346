import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from medgpt_cli.evaluation.intervals import wilson
from medgpt_cli.evaluation.statistics import clustered
from medgpt_cli.evaluation.statistics.clustered import bootstrap_mean, bootstrap_statistic


def some(cases: int, seed: int = 1) -> tuple[list[float], list[str]]:
    """Answers on pictures of one to twelve questions; some pictures are easy and some are not."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 13, size=cases)
    skill = rng.beta(1.2, 0.8, size=cases)
    values = [float(rng.random() < p) for p, size in zip(skill, sizes, strict=True) for _ in range(size)]
    return values, [f"p{case:04}" for case, size in enumerate(sizes) for _ in range(size)]


def test_equals_drawing_whole_cases_by_hand() -> None:
    values, clusters = some(30)
    groups = [
        [v for v, c in zip(values, clusters, strict=True) if c == name] for name in sorted(set(clusters))
    ]
    rng = np.random.default_rng(7)
    drawn = []
    for _ in range(500):
        picked = [value for number in rng.integers(30, size=30) for value in groups[number]]
        drawn.append(sum(picked) / len(picked))
    tail = stats.norm.cdf(-stats.t.ppf(0.975, 29) * np.sqrt(30 / 29))
    assert bootstrap_mean(values, clusters, seed=7, resamples=500) == pytest.approx(
        np.quantile(drawn, [tail, 1 - tail]), abs=1e-12
    )


def test_equals_scipy_where_items_are_independent_and_many() -> None:
    values = np.random.default_rng(3).normal(2, 1, size=800)
    peer = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(0)
    ).confidence_interval
    ours = bootstrap_mean(list(values), [str(n) for n in range(800)], resamples=4000)
    assert ours == pytest.approx((peer.low, peer.high), abs=0.006)


def test_asking_everything_twice_makes_nothing_surer() -> None:
    values, clusters = some(40)
    once = bootstrap_mean(values, clusters)
    assert bootstrap_mean(values * 2, clusters * 2) == pytest.approx(once, abs=1e-12)
    apart = bootstrap_mean(values * 2, [str(n) for n in range(2 * len(values))])
    assert once
    assert apart
    assert apart.high - apart.low < 0.6 * (once.high - once.low)


def test_depends_on_the_seed_and_on_nothing_else() -> None:
    values, clusters = some(40)
    once = bootstrap_mean(values, clusters)
    assert bootstrap_mean(values, clusters) == once
    assert bootstrap_mean(values, clusters, seed=1) != once
    assert bootstrap_mean(values[::-1], clusters[::-1]) == once


def test_draws_in_several_blocks_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    values, clusters = some(40)
    once = bootstrap_mean(values, clusters)
    monkeypatch.setattr(clustered, "AT_ONCE", 130)
    assert bootstrap_mean(values, clusters) == pytest.approx(once, abs=1e-12)


def test_few_cases_give_wide_intervals() -> None:
    """Four cases: the plain percentiles of 256 equally likely draws, and the wider ones that are given."""
    bounds = bootstrap_mean([0.1, 0.4, 0.5, 0.8], list("abcd"))
    assert bounds == pytest.approx((0.1, 0.8), abs=0.08)
    plain = stats.bootstrap(
        ([0.1, 0.4, 0.5, 0.8],), np.mean, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    assert bounds
    assert bounds.low < plain.low
    assert plain.high < bounds.high


@pytest.mark.parametrize(
    ("values", "clusters", "expected"),
    [
        ([], [], None),
        ([1.0] * 40, ["a"] * 40, wilson(1, 1)),
        ([1, 0, 1, 0], ["a"] * 4, wilson(0.5, 1)),
        ([1.0] * 40, [f"{n % 8}" for n in range(40)], wilson(8, 8)),
        ([0.0] * 3, list("abc"), wilson(0, 3)),
        ([1, 0, 1, 0], list("aabb"), wilson(1, 2)),
        ([1.7, 1.7], list("ab"), None),
        ([-0.5, 0.5], list("aa"), None),
    ],
)
def test_what_shows_no_spread_is_never_sure(
    values: list[float], clusters: list[str], expected: tuple[float, float] | None
) -> None:
    assert bootstrap_mean(values, clusters) == expected


def test_a_statistic_that_is_a_mean_has_the_interval_of_the_mean() -> None:
    values, clusters = some(25)
    array = np.array(values)
    found = bootstrap_statistic(clusters, lambda drawn: float(array[drawn].mean()), resamples=400)
    assert found == pytest.approx(bootstrap_mean(values, clusters, resamples=400), abs=1e-12)


def test_a_statistic_of_whole_draws() -> None:
    rng = np.random.default_rng(5)
    gold = rng.integers(3, size=300)
    said = np.where(rng.random(300) < 0.7, gold, rng.integers(3, size=300))

    def macro(drawn: np.ndarray) -> float:
        return float(
            f1_score(gold[drawn], said[drawn], average="macro", labels=range(3), zero_division=0)
        )

    found = bootstrap_statistic([f"{n // 3}" for n in range(300)], macro, resamples=200)
    assert found
    assert found.low < macro(np.arange(300)) < found.high
    assert 0.06 < found.high - found.low < 0.16


@pytest.mark.parametrize(
    ("clusters", "value", "expected"),
    [
        ([], 1.0, None),
        (["a"] * 5, 0.5, wilson(0.5, 1)),
        (list("abc"), 1.0, wilson(3, 3)),
        (list("abc"), 2.0, None),
        (list("abc"), float("nan"), None),
    ],
)
def test_a_statistic_without_spread_or_value(
    clusters: list[str], value: float, expected: tuple[float, float] | None
) -> None:
    assert bootstrap_statistic(clusters, lambda drawn: value, resamples=50) == expected


def test_a_statistic_that_mostly_has_no_value_has_no_interval() -> None:
    values = np.array([1.0] + [0.0] * 9)

    def only_with_the_first(drawn: np.ndarray) -> float:
        return float(len(drawn)) if (values[drawn] > 0).any() else float("nan")

    assert bootstrap_statistic([str(n) for n in range(10)], only_with_the_first) is None


def covered(cases: int, runs: int, seed: int) -> tuple[float, float]:
    """How often the true share lies in our interval, and in Wilson's over single answers."""
    truth = 1.2 / 2.0
    ours = naive = 0
    for run in range(runs):
        values, clusters = some(cases, seed + run)
        bounds = bootstrap_mean(values, clusters, seed=run, resamples=600)
        assert bounds
        ours += bounds.low <= truth <= bounds.high
        low, high = wilson(sum(values), len(values))
        naive += low <= truth <= high
    return ours / runs, naive / runs


@pytest.mark.slow
@pytest.mark.parametrize(("cases", "least"), [(8, 0.92), (15, 0.92), (40, 0.93), (150, 0.93)])
def test_the_interval_holds_the_truth_as_often_as_it_says(cases: int, least: float) -> None:
    """1,500 simulated sets each; the standard error of a coverage of 0.95 is 0.006."""
    ours, naive = covered(cases, 1500, seed=1000 * cases)
    print(f"{cases} cases: ours {ours:.3f}, Wilson over single answers {naive:.3f}")  # noqa: T201
    assert least <= ours <= 0.98
    assert naive < 0.80
