import math
from types import SimpleNamespace

import pytest

from medgpt_cli.evaluation.page import curves
from medgpt_cli.evaluation.statistics import calibration


def found(n: int = 40) -> calibration.Calibration:
    """Half of the questions 0.6 sure and half right, the other half 0.9 sure and all right."""
    rows = [
        SimpleNamespace(
            correct=bool(k % 2 or k >= n // 2),
            likelihoods=(math.log(share), math.log(1 - share)),
            measures={},
        )
        for k, share in ((k, 0.6 if k < n // 2 else 0.9) for k in range(n))
    ]
    made = calibration.of(rows)
    assert made is not None
    return made


def test_bins_lie_where_confidence_and_accuracy_meet() -> None:
    drawn = curves.reliability(found())
    assert len(drawn.points) == 4
    first, last = drawn.points[0], drawn.points[-1]
    assert (first.x, first.y) == pytest.approx((44 + 240 * 0.6, 12 + 240 * 0.5))
    assert (last.x, last.y) == pytest.approx((44 + 240 * 0.9, 12))
    assert first.low > first.y > first.high  # the drawing's heights grow downwards
    assert first.told == "10 questions: 0.600 sure, 0.500 right (0.237–0.763)"
    assert first.radius == curves.LARGEST


def test_the_curve_of_risk_ends_at_the_error_over_all_and_fills_the_square() -> None:
    drawn = curves.coverage(found())
    points = [tuple(map(float, pair.split(","))) for pair in drawn.line.split()]
    assert points[-1] == pytest.approx((44 + 240, drawn.all), abs=0.05)
    assert [row.text for row in drawn.rows] == ["0", "0.075", "0.15", "0.225", "0.3"]
    assert drawn.all == pytest.approx(12 + 240 * (1 - 0.25 / 0.3))
    assert points[0][1] == 12 + 240  # the surest are all right


def test_where_nothing_was_wrong_the_square_has_a_height() -> None:
    made = calibration.of([SimpleNamespace(correct=True, likelihoods=(-0.1, -3.0), measures={})])
    assert made is not None
    assert curves.coverage(made).rows[-1].text == "0.1"
