from __future__ import annotations

import msgspec
import numpy as np
import pytest

from medgpt_cli.evaluation.statistics import paired
from medgpt_cli.evaluation.transfer.means import Compared, adjusted, compare, mean_score
from medgpt_cli.evaluation.transfer.outcomes import Answers, Gold, score
from medgpt_cli.evaluation.transfer.table import compared_rows, score_rows
from tests.evaluation.transfer.test_outcomes import answered, gold

SETS = [gold("a", 60), gold("b", 40, classes=4), gold("c", 240, classes=2)]
OURS = [answered(each, 2, 0.9) for each in SETS]
THEIRS = [answered(each, 2, 0.5, tower="scratch", first=5) for each in SETS]


def test_each_set_counts_the_same() -> None:
    scores = [score(each, own) for each, own in zip(SETS, OURS, strict=True)]
    found = mean_score(scores, SETS, OURS)
    assert found.macro_f1 == pytest.approx(np.mean([each.macro_f1 for each in scores]), abs=1e-12)
    assert found.accuracy == pytest.approx(np.mean([each.accuracy for each in scores]), abs=1e-12)
    assert found.by_seed == pytest.approx(np.mean([each.by_seed for each in scores], axis=0), abs=1e-12)
    assert (found.set, found.n, found.cases) == ("mean", 340, 170)


def test_the_interval_of_the_mean_is_that_of_independent_sets() -> None:
    scores = [score(each, own) for each, own in zip(SETS, OURS, strict=True)]
    found = mean_score(scores, SETS, OURS)
    # The errors of independent means add in squares.
    halves = [(each.high - each.low) / 2 for each in scores]  # type: ignore[operator]
    expected = float(np.sqrt(np.square(halves).sum())) / 3
    assert (found.high - found.low) / 2 == pytest.approx(expected, rel=0.15)  # type: ignore[operator]
    assert found.low < found.macro_f1 < found.high  # type: ignore[operator]


@pytest.fixture(scope="module")
def found() -> list[Compared]:
    return compare(SETS, THEIRS, OURS)


def test_the_lead_of_a_better_tower_is_seen(found: list[Compared]) -> None:
    assert [each.set for each in found] == ["a", "b", "c", "mean"]
    for each in found:
        assert (each.first, each.second, each.mode) == ("scratch", "ours", "probe")
    by_set = [each.result.difference for each in found[:-1]]
    mean = found[-1].result
    assert mean.difference == pytest.approx(np.mean(by_set), abs=1e-12)
    assert mean.low < mean.difference < mean.high  # type: ignore[operator]
    assert mean.low > 0  # type: ignore[operator]
    assert mean.p < 0.001
    # Drawing within each set leaves the number of cases of each as it is.
    widths = [each.result.high - each.result.low for each in found[:-1]]  # type: ignore[operator]
    expected = float(np.sqrt(np.square(widths).sum())) / 3
    assert mean.high - mean.low == pytest.approx(expected, rel=0.15)  # type: ignore[operator]


def test_a_tower_is_not_ahead_of_itself() -> None:
    again = [msgspec.structs.replace(each, tower="copy") for each in OURS]
    for each in compare(SETS, again, OURS):
        assert (each.result.difference, each.result.p, each.result.verdict) == (0, 1, "undecided")


def test_one_set_has_no_mean() -> None:
    assert [each.set for each in compare(SETS[:1], THEIRS[:1], OURS[:1])] == ["a"]


def test_p_values_are_adjusted_over_everything(found: list[Compared]) -> None:
    held = adjusted(found)
    assert [each.result.adjusted for each in held] == paired.holm([each.result.p for each in found])
    assert [each.result.difference for each in held] == [each.result.difference for each in found]


def test_where_nothing_differs_the_mean_falls_back_on_what_so_few_cases_can_say() -> None:
    perfect = [
        Answers(tower="ours", set=each.name, mode="probe", predicted=(each.gold,)) for each in SETS
    ]
    found = mean_score([score(*pair) for pair in zip(SETS, perfect, strict=True)], SETS, perfect)
    assert found.macro_f1 == found.high == 1.0
    assert 0.8 < found.low < 1.0  # type: ignore[operator]


def test_rows_say_everything_in_a_line() -> None:
    each = Gold(name="cxr", labels=("a", "b"), gold=(0, 1, 0, 1), cases=("1", "2", "3", "4"))
    right = Answers(tower="ours", set="cxr", mode="probe", predicted=((0, 1, 0, 1),))
    wrong = Answers(tower="scratch", set="cxr", mode="probe", predicted=((1, 1, 1, 1),))
    assert score_rows([score(each, right)]) == [
        ("cxr", "probe", "ours", "1.000", "0.439–1.000", "1.000", "0.510–1.000", "4", "4", "1")
    ]
    rows = compared_rows(compare([each], [wrong], [right]))
    assert rows[0][:5] == ("cxr", "probe", "ours", "scratch", "+0.667")
    assert rows[0][-1] == "undecided"  # four pictures cannot tell
    assert isinstance(compare([each], [wrong], [right])[0], Compared)
