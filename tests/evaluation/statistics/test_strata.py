from __future__ import annotations

import numpy as np
import pytest

from medgpt_cli.evaluation.statistics import clustered, paired_tallies
from medgpt_cli.evaluation.statistics.clustered import bootstrap_statistic, bootstrap_tallies
from medgpt_cli.evaluation.statistics.strata import independent, strata_of


def held(*cases: str) -> np.ndarray:
    """Each case by the classes it holds, such as "ab"; there are four classes."""
    return np.array([[name in case for name in "abcd"] for case in cases])


@pytest.mark.parametrize(
    ("cases", "strata", "cases_left"),
    [
        (["a", "b", "a", "b", "a"], [1, 0, 1, 0, 1], 4),  # the classes
        (["ab", "ab", "ab"], [0, 0, 0], 3),  # one stratum: all at once
        (["a", "a", "ab"], [1, 1, 0], 2),  # the only b is in every draw
        (["a", "a", "", ""], [0, 0, 1, 1], 3),  # a case of no class
    ],
)
def test_strata(cases: list[str], strata: list[int], cases_left: int) -> None:
    found = strata_of(held(*cases))
    assert found.tolist() == strata
    assert independent(found) == cases_left


def test_every_class_is_in_every_draw() -> None:
    """Whatever the cases hold; drawn from all at once, most of these lose a class now and then."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        classes = rng.random((rng.integers(2, 12), 4)) < rng.uniform(0.05, 0.8)
        strata = strata_of(classes)
        drawn = clustered.resampled(classes.astype(float), seed=1, resamples=50, strata=strata)
        assert ((drawn > 0) == classes.any(axis=0)).all()
        assert len(set(strata.tolist())) <= 2 * classes.any(axis=0).sum() + 1


def tallies(gold: str, said: str) -> list[tuple[float, ...]]:
    return [
        tuple(float(x) for c in "ab" for x in (g == c == s, g == c, s == c))
        for g, s in zip(gold, said, strict=True)
    ]


def macro(counts: list[float]) -> float:
    pairs = [(counts[at], counts[at + 1] + counts[at + 2]) for at in (0, 3)]
    return sum(2 * hits / both if both else 0.0 for hits, both in pairs) / 2


def test_a_rare_class_does_not_pull_a_good_answer_down() -> None:
    gold, said = "a" * 30 + "bb", "a" * 28 + "b" * 2 + "bb"
    cases = [str(number) for number in range(32)]
    kept = bootstrap_tallies(tallies(gold, said), cases, macro, held=slice(1, None, 3))
    lost = bootstrap_tallies(tallies(gold, said), cases, macro)
    assert kept
    assert lost
    assert (
        lost.low < 0.51 < 0.65 < kept.low
    )  # one draw in eight had no b, and half of the score was gone
    everywhere = bootstrap_statistic(
        cases,
        lambda drawn: macro(np.array(tallies(gold, said))[drawn].sum(axis=0).tolist()),
        held=np.array([[label == "a", label == "b"] for label in gold]),
    )
    assert everywhere == pytest.approx(kept, abs=0.02)
    worse = "a" * 24 + "b" * 6 + "bb"
    found = paired_tallies.compare(
        tallies(gold, worse), tallies(gold, said), cases, macro, held=slice(1, None, 3)
    )
    assert found
    assert found.low
    assert found.low > 0.01


def test_one_case_of_each_class_has_no_interval() -> None:
    rows = tallies("ab", "ab")
    assert bootstrap_tallies(rows, ["1", "2"], macro, held=slice(1, None, 3)) is None
    found = paired_tallies.compare(rows, tallies("ab", "ba"), ["1", "2"], macro, held=slice(1, None, 3))
    assert found
    assert found.low is None
