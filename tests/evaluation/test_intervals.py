import pytest
from statsmodels.stats.proportion import proportion_confint

from medgpt_cli.evaluation.intervals import wilson


@pytest.mark.parametrize(
    ("k", "n"),
    [(0, 1), (1, 1), (0, 80), (80, 80), (65, 80), (1, 3), (40, 80), (733, 1061), (6718, 6719)],
)
def test_equals_statsmodels(k: int, n: int) -> None:
    assert wilson(k, n) == pytest.approx(
        proportion_confint(k, n, alpha=0.05, method="wilson"), abs=1e-12
    )


@pytest.mark.parametrize("n", range(1, 60))
def test_stays_inside_and_holds_the_share(n: int) -> None:
    for k in range(n + 1):
        low, high = wilson(k, n)
        assert 0 <= low <= k / n <= high <= 1


def test_no_trials_say_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_ends_are_exact() -> None:
    assert wilson(0, 7)[0] == 0.0
    assert wilson(7, 7)[1] == 1.0
