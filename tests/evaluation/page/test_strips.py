import pytest

from medgpt_cli.evaluation.page.strips import strip


def test_a_share_lies_at_its_percentage_and_says_so_in_words() -> None:
    found = strip("slake, exact", 0.25, 0.125, 0.5, beside=0.75, called="majority answer")
    assert found == (
        25.0,
        12.5,
        50.0,
        75.0,
        "slake, exact: 0.250, 95 % interval 0.125–0.500, majority answer 0.750",
    )


def test_without_an_interval_there_is_a_mark_alone() -> None:
    assert strip("x", 1.0, None, None) == (100.0, None, None, None, "x: 1.000")


def test_bounds_stay_on_the_strip() -> None:
    found = strip("x", 0.5, -0.2, 1.2)
    assert found is not None
    assert (found.low, found.high) == (0.0, 100.0)


@pytest.mark.parametrize("value", [None, -0.01, 1.01, 2.5])
def test_what_is_no_share_has_no_strip(value: float | None) -> None:
    assert strip("radcliq_v1", value, 0.1, 0.2) is None
