from dataclasses import dataclass, field

import msgspec
import pytest

from medgpt_cli.evaluation.intervals import wilson
from medgpt_cli.evaluation.statistics.clustered import bootstrap_mean
from medgpt_cli.evaluation.statistics.subgroups import NOT_STATED, facets, gap, table


@dataclass
class Answer:
    correct: bool
    cluster: str
    facets: dict[str, str] = field(default_factory=dict)
    measures: dict[str, float] = field(default_factory=dict)


def answers(right: int, wrong: int, modality: str, per_case: int = 1) -> list[Answer]:
    return [
        Answer(n < right, f"{modality}{n // per_case}", {"modality": modality} if modality else {})
        for n in range(right + wrong)
    ]


ROWS = answers(30, 10, "CT") + answers(12, 8, "MR") + answers(3, 7, "US") + answers(4, 9, "")


def test_a_table_worked_by_hand() -> None:
    lines = table(ROWS, "modality")
    assert [(line.name, line.n, line.clusters, line.value, line.too_small) for line in lines] == [
        ("CT", 40, 40, 0.75, False),
        ("MR", 20, 20, 0.6, False),
        (NOT_STATED, 13, 13, pytest.approx(4 / 13), False),
        ("US", 10, 10, 0.3, True),
    ]
    assert [(line.low, line.high) for line in lines] == [
        wilson(30, 40),
        wilson(12, 20),
        wilson(4, 13),
        wilson(3, 10),
    ]
    assert {(line.facet, line.interval, line.hidden) for line in lines} == {
        ("modality", "wilson", False)
    }


def test_cases_are_counted_and_not_questions() -> None:
    [line] = table(answers(30, 10, "CT", per_case=4), "modality")
    assert (line.n, line.clusters, line.too_small, line.interval) == (40, 10, True, "cluster bootstrap")
    assert (line.low, line.high) == bootstrap_mean(
        [1.0] * 30 + [0.0] * 10, [str(n // 4) for n in range(40)]
    )


def test_another_measure_than_right_or_wrong() -> None:
    rows = [Answer(False, str(n), {"site": "a"}, {"f1": n / 40}) for n in range(20)]
    rows += [Answer(True, "x", {"site": "a"})]
    [line] = table(rows, "site", measure="f1")
    assert (line.n, line.value, line.interval) == (20, pytest.approx(9.5 / 40), "cluster bootstrap")


def test_without_spread_a_measure_that_is_no_share_has_no_interval() -> None:
    [line] = table(
        [Answer(True, str(n), {"site": "a"}, {"radcliq": 2.45}) for n in range(12)],
        "site",
        measure="radcliq",
    )
    assert (line.value, line.low, line.high, line.interval) == (pytest.approx(2.45), None, None, "none")


def test_hiding_takes_out_what_is_small_and_what_would_tell_it() -> None:
    lines = table(ROWS, "modality", hide=True)
    assert [(line.name, line.hidden) for line in lines] == [
        ("CT", False),
        ("MR", False),
        (NOT_STATED, True),
        ("US", True),
    ]
    document = msgspec.to_builtins(lines[-1])
    assert document == {
        "facet": "modality",
        "name": "US",
        "n": None,
        "clusters": None,
        "value": None,
        "low": None,
        "high": None,
        "interval": "none",
        "too_small": True,
        "hidden": True,
    }
    two = table([*ROWS, *answers(2, 2, "XR")], "modality", hide=True)
    assert [line.name for line in two if line.hidden] == ["US", "XR"]
    assert [line.hidden for line in table(answers(1, 1, "CT"), "modality", hide=True)] == [True]
    assert not any(line.hidden for line in table(answers(30, 1, "CT"), "modality", hide=True))


def test_the_gap_is_between_groups_large_enough() -> None:
    rows = answers(300, 100, "CT") + answers(120, 130, "MR") + answers(10, 0, "US") + answers(60, 60, "")
    found = gap(rows, table(rows, "modality"))
    assert found
    assert (found.facet, found.best, found.worst) == ("modality", "CT", "MR")
    assert found.value == pytest.approx(0.75 - 0.48)
    # Two independent shares: 1.96 sqrt(p (1 - p) / n + q (1 - q) / m) either way.
    half = 1.96 * (0.75 * 0.25 / 400 + 0.48 * 0.52 / 250) ** 0.5
    assert (found.low, found.high) == pytest.approx((0.27 - half, 0.27 + half), abs=0.01)


def test_the_gap_of_a_measure_of_which_less_is_better() -> None:
    rows = [
        Answer(False, f"{site}{n}", {"site": site}, {"radcliq": base + n % 5 / 10})
        for site, base in (("a", 1.0), ("b", 1.5))
        for n in range(20)
    ]
    found = gap(rows, table(rows, "site", measure="radcliq"), measure="radcliq", better="lower")
    assert found
    assert (found.best, found.worst, found.value) == ("a", "b", pytest.approx(0.5))
    assert found.low
    assert found.high
    assert 0.3 < found.low < 0.5 < found.high < 0.7


def test_there_is_no_gap_among_groups_too_small() -> None:
    rows = answers(30, 10, "CT") + answers(1, 9, "US")
    assert gap(rows, table(rows, "modality")) is None
    assert gap(rows, table(rows, "modality", hide=True)) is None


def test_what_can_split_a_table() -> None:
    rows = [
        Answer(True, "a", {"modality": "CT", "language": "en"}),
        Answer(True, "b", {"modality": "MR", "language": "en", "sex": "F"}),
    ]
    assert facets(rows) == ["modality", "sex"]
