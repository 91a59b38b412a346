import pytest

from medgpt_cli.evaluation.statistics import paired
from medgpt_cli.evaluation.statistics.forgetting import Values, table

CASES = [f"{n:03}" for n in range(40)]


def run(right: int) -> list[float]:
    return [1.0] * right + [0.0] * (40 - right)


def test_every_run_against_the_first() -> None:
    made = table(
        {
            "slake": Values(CASES, [run(20), run(36), run(21)]),
            "medqa": Values(CASES, [run(38), run(30), run(12)]),
        }
    )
    assert [course.task for course in made] == ["slake", "medqa"]
    assert [[cell.first for cell in course.against_first] for course in made] == [
        [0.5, 0.5],
        [0.95, 0.95],
    ]
    assert [[cell.difference for cell in course.against_first] for course in made] == [
        [pytest.approx(0.4), pytest.approx(0.025)],
        [pytest.approx(-0.2), pytest.approx(-0.65)],
    ]
    assert [[cell.verdict for cell in course.against_first] for course in made] == [
        ["better", "undecided"],
        ["worse", "worse"],
    ]
    # Four cells: 16, 1, 8 and 26 answers changed, each in one direction.
    p = [2 * 0.5**16, 1.0, 2 * 0.5**8, 2 * 0.5**26]
    assert [cell.p for course in made for cell in course.against_first] == pytest.approx(p)
    adjusted = [cell.adjusted for course in made for cell in course.against_first]
    assert adjusted == pytest.approx([3 * p[0], 1.0, 2 * p[2], 4 * p[3]])


def test_a_measure_of_which_less_is_better() -> None:
    [course] = table({"mimic": Values(CASES, [run(20), run(36)], better="lower")})
    assert course.against_first[0].verdict == "worse"


def test_one_run_has_nothing_to_be_compared_with() -> None:
    [course] = table({"slake": Values(CASES, [run(20)])})
    assert course.against_first == ()
    assert paired.adjust([]) == []
